import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTransport, type Transport } from "../../src/cluster/transport.ts";

export interface Received {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

export interface Api {
  url: string;
  /** Path of a kubeconfig for it. */
  kubeconfig: string;
  received: Received[];
  /** How many connections are open. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

/** Answers a request, which is the nth. */
export type Answer = (response: ServerResponse, nth: number, request: Received) => void;

/** A real HTTP server in place of the API's. */
export async function serve(answer: Answer): Promise<Api> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = { method, url, headers, body };
      answer(response, received.push(one), one);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    kubeconfig: writeKubeconfig(httpCluster(url), { token: "t-1" }),
    received,
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function answerJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

export function status(code: number, reason: string, message: string = reason): object {
  return { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message };
}

/** Without this flag the Kubernetes client takes no http address. */
export function httpCluster(server: string): object {
  return { server, "insecure-skip-tls-verify": true };
}

/** A kubeconfig of one cluster and one user. */
export function writeKubeconfig(cluster: object, user: object, context: object = { namespace: "agents" }): string {
  return writeTemporary("config", kubeconfigOf(cluster, user, context));
}

export function kubeconfigOf(cluster: object, user: object, context: object = { namespace: "agents" }): string {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u", ...context } }],
    "current-context": "x",
  };
  return JSON.stringify(config);
}

const credentialVersion = "client.authentication.k8s.io/v1";

/** A user who is signed in by a program. */
export function execUser(script: string): object {
  const command = writeTemporary("login", `#!/bin/sh\n${script}\n`);
  chmodSync(command, 0o755);
  return { exec: { apiVersion: credentialVersion, command, interactiveMode: "Never" } };
}

/** What such a program prints. What is `stale` is asked for anew at the next request. */
export function execCredential(given: object, { stale = false } = {}): string {
  const expiry = stale ? { expirationTimestamp: "2026-01-01T00:00:00Z" } : {};
  return JSON.stringify({ apiVersion: credentialVersion, kind: "ExecCredential", status: { ...given, ...expiry } });
}

/**
 * A program that notes each start, then waits for input that does not come; it ends with the process that started it.
 * With `firstToken` its first start gives that at once, which is stale by then.
 */
export function hangingLogin({ firstToken }: { firstToken?: string } = {}): { user: object; starts(): number } {
  const log = writeTemporary("starts", "");
  const first =
    firstToken === undefined
      ? ""
      : `[ "$(wc -l < ${log})" -gt 1 ] || { echo '${execCredential({ token: firstToken }, { stale: true })}'; exit 0; }`;
  const user = execUser(`echo started >> ${log}\n${first}\ncat > /dev/null`);
  return { user, starts: () => readFileSync(log, "utf8").split("\n").length - 1 };
}

/** Paperclip's environment where the operator lets temporary kubeconfigs run programs, send files and name proxies. */
export const operatorEnv = { PATH: process.env["PATH"], OPENCODE_K8S_KUBECONFIG_DIRS: tmpdir() };

export function writeTemporary(name: string, text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), "cluster-test-")), name);
  writeFileSync(file, text);
  return file;
}

export function transportTo({ kubeconfig }: Pick<Api, "kubeconfig">): Promise<Transport> {
  return createTransport({ kubeconfig, env: operatorEnv, serviceAccountDir: "/none" });
}
