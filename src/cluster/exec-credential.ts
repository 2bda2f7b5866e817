import { execFile } from "node:child_process";
import { realpath } from "node:fs/promises";
import path from "node:path";
import { isWithin } from "../lib/is-within.ts";
import { type Env, writableHomes } from "../volume/homes.ts";
import type { ExecPlugin } from "./kubeconfig.ts";

/** What a program that signs in gave. */
export interface ExecCredential {
  token: string | undefined;
  cert: string | undefined;
  key: string | undefined;
  /** Absent: it holds until it is refused. */
  expiresAtMs: number | undefined;
}

/** The cluster as the program is told of it with `provideClusterInfo`. */
export interface ExecCluster {
  server: string;
  tlsServerName: string | undefined;
  insecure: boolean;
  ca: string | undefined;
  proxyUrl: string | undefined;
}

const mostBytes = 1024 * 1024;

/** Paperclip's own keys are no business of a program that signs in to a cluster. */
const serverVariables = /^(PAPERCLIP_|BETTER_AUTH_|DATABASE_|POSTGRES_|PG[A-Z]+$)/;

/**
 * Runs the program of a kubeconfig as kubectl does: with `KUBERNETES_EXEC_INFO` and nobody who types. Throws `Error` with
 * the first of its words when it fails. It is killed when the signal is aborted.
 */
export async function runExecPlugin(
  plugin: ExecPlugin,
  { cluster, env, signal }: { cluster: ExecCluster; env: Env; signal: AbortSignal },
): Promise<ExecCredential> {
  const homes = writableHomes(env);
  await refuseWritable(plugin.command, homes);
  const inherited = Object.entries(env).filter(([name]) => !serverVariables.test(name));
  const variables = {
    ...Object.fromEntries(inherited),
    PATH: await withoutWritable(env["PATH"], homes),
    ...plugin.env,
    KUBERNETES_EXEC_INFO: JSON.stringify(execInfo(plugin, cluster)),
  };
  return readCredential(await run(plugin, variables, signal), plugin);
}

function execInfo({ apiVersion, provideClusterInfo, clusterConfig }: ExecPlugin, cluster: ExecCluster): object {
  const { server, tlsServerName, insecure, ca, proxyUrl } = cluster;
  const told = {
    server,
    ...(tlsServerName === undefined ? {} : { "tls-server-name": tlsServerName }),
    ...(insecure ? { "insecure-skip-tls-verify": true } : {}),
    ...(ca === undefined ? {} : { "certificate-authority-data": Buffer.from(ca).toString("base64") }),
    ...(proxyUrl === undefined ? {} : { "proxy-url": proxyUrl }),
    config: clusterConfig ?? null,
  };
  const spec = { interactive: false, ...(provideClusterInfo ? { cluster: told } : {}) };
  return { kind: "ExecCredential", apiVersion, spec };
}

/** A program that agents could write must not run in the server. */
async function refuseWritable(command: string, homes: readonly string[]): Promise<void> {
  if (!command.includes("/")) return;
  const real = await realpath(command).catch(() => command); // one that is not there is told by the attempt to run it
  if (!homes.some((home) => isWithin(command, home) || isWithin(real, home))) return;
  throw new Error(`the program ${command} lies where agents may write`);
}

async function withoutWritable(searchPath: string | undefined, homes: readonly string[]): Promise<string> {
  const folders = await Promise.all(
    (searchPath ?? "").split(":").map(async (folder) => {
      if (!path.isAbsolute(folder)) return undefined;
      const real = await realpath(folder).catch(() => undefined); // nothing is found in a folder that is not there
      return real === undefined || homes.some((home) => isWithin(real, home)) ? undefined : folder;
    }),
  );
  return folders.filter((folder) => folder !== undefined).join(":");
}

function run({ command, args }: ExecPlugin, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env, signal, killSignal: "SIGKILL", maxBuffer: mostBytes } as const;
    // Its input stays open, without a word, as long as this process lives: a program that is left behind then ends, too.
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      reject(new Error(`${command} failed: ${firstLine(stderr) ?? reasonOf(error)}`));
    });
  });
}

/** Node's own message of a failed program repeats its arguments. */
function reasonOf({ code, message }: Error & { code?: unknown }): string {
  return typeof code === "number" ? `exit code ${code}` : message;
}

function firstLine(stderr: string): string | undefined {
  const line = stderr.split("\n", 20).find((one) => one.trim() !== "");
  return line?.trim().slice(0, 300);
}

function readCredential(stdout: string, { command, apiVersion }: ExecPlugin): ExecCredential {
  const credential = parse(stdout);
  if (credential?.kind !== "ExecCredential" || credential.apiVersion !== apiVersion) {
    throw new Error(`${command} printed no ExecCredential of ${apiVersion}`);
  }
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = credential.status ?? {};
  if (!isText(token) && !(isText(cert) && isText(key))) {
    throw new Error(`${command} gave neither a token nor a certificate with its key`);
  }
  const expiresAtMs = isText(expirationTimestamp) ? Date.parse(expirationTimestamp) : Number.NaN;
  return {
    token: isText(token) ? token : undefined,
    cert: isText(cert) ? cert : undefined,
    key: isText(key) ? key : undefined,
    expiresAtMs: Number.isNaN(expiresAtMs) ? undefined : expiresAtMs,
  };
}

interface Printed {
  kind?: unknown;
  apiVersion?: unknown;
  status?: Partial<Record<"token" | "clientCertificateData" | "clientKeyData" | "expirationTimestamp", unknown>> | null;
}

function parse(stdout: string): Printed | undefined {
  try {
    const value: unknown = JSON.parse(stdout);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined; // its words may hold a token, so they are told by nobody
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
