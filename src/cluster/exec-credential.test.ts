import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runExecPlugin } from "./exec-credential.ts";
import type { ExecPlugin } from "./kubeconfig.ts";

const apiVersion = "client.authentication.k8s.io/v1";
const cluster = { server: "https://api", tlsServerName: "k8s", insecure: false, ca: "CA", proxyUrl: undefined };
const given = (status: object) => JSON.stringify({ kind: "ExecCredential", apiVersion, status });

function program(script: string, folder = mkdtempSync(join(tmpdir(), "exec-"))): string {
  const file = join(folder, "login");
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

function run(more: Partial<ExecPlugin>, env: Record<string, string | undefined> = {}, signal?: AbortSignal) {
  const plugin = { apiVersion, command: "", args: [], env: {}, provideClusterInfo: false, clusterConfig: undefined };
  return runExecPlugin(
    { ...plugin, ...more },
    { cluster, env: { PATH: process.env["PATH"], ...env }, signal: signal ?? new AbortController().signal },
  );
}

/** The program gives back what it was told, as its token. */
const echo = `printf '{"kind":"ExecCredential","apiVersion":"${apiVersion}","status":{"token":"%s"}}'`;

test("the program is told what it is asked for, and of the cluster where the kubeconfig says so", async () => {
  const command = program(`${echo} "$(printf %s "$KUBERNETES_EXEC_INFO" | base64 -w0)"`);
  const told = async (more: Partial<ExecPlugin>) =>
    JSON.parse(Buffer.from((await run({ command, ...more })).token ?? "", "base64").toString());
  expect(await told({})).toEqual({ kind: "ExecCredential", apiVersion, spec: { interactive: false } });
  expect(await told({ provideClusterInfo: true, clusterConfig: { audience: "x" } })).toEqual({
    kind: "ExecCredential",
    apiVersion,
    spec: {
      interactive: false,
      cluster: {
        server: "https://api",
        "tls-server-name": "k8s",
        "certificate-authority-data": Buffer.from("CA").toString("base64"),
        config: { audience: "x" },
      },
    },
  });
});

test("it has its arguments and variables, and none of Paperclip's own secrets", async () => {
  const command = program(`${echo} "$1|$OWN|$AWS_PROFILE|$PAPERCLIP_SECRETS_MASTER_KEY$DATABASE_URL$PGPASSWORD"`);
  const server = { AWS_PROFILE: "p", PAPERCLIP_SECRETS_MASTER_KEY: "C", DATABASE_URL: "C", PGPASSWORD: "C" };
  expect((await run({ command, args: ["a b"], env: { OWN: "o" } }, server)).token).toBe("a b|o|p|");
});

test("a bare name is looked for in PATH, but in no folder that agents write to", async () => {
  const root = mkdtempSync(join(tmpdir(), "exec-"));
  const [home, own] = [join(root, "paperclip"), join(root, "own")];
  for (const folder of [home, own]) mkdirSync(folder);
  program(`${echo} planted`, home);
  program(`${echo} own`, own);
  symlinkSync(home, join(root, "alias"));
  const PATH = ["", ".", home, join(root, "alias"), own, process.env["PATH"]].join(":");
  expect((await run({ command: "login" }, { PATH, PAPERCLIP_HOME: home })).token).toBe("own");
  for (const command of [join(home, "login"), join(root, "alias", "login")]) {
    await expect(run({ command }, { PATH, PAPERCLIP_HOME: home })).rejects.toThrow(/lies where agents may write/);
  }
});

test.each([
  ["nothing", "", /printed no ExecCredential/],
  ["no JSON", "CANARY", /printed no ExecCredential/],
  [
    "another version",
    JSON.stringify({ kind: "ExecCredential", apiVersion: "v9", status: { token: "CANARY" } }),
    /of client/,
  ],
  ["no credential", given({}), /neither a token nor a certificate/],
  ["half a certificate", given({ clientCertificateData: "CANARY" }), /neither a token nor a certificate/],
  ["a null", given({ token: null }), /neither a token/],
])("a program that prints %s is refused without its words", async (_, printed, message) => {
  const running = run({ command: program(`printf %s '${printed}'`) });
  await expect(running).rejects.toThrow(message);
  await expect(running).rejects.toThrow(/^((?!CANARY).)*$/s);
});

test("a program that fails is told by its first words, or by its code", async () => {
  await expect(run({ command: program("echo; echo 'expired' >&2; exit 3") })).rejects.toThrow(/login failed: expired$/);
  await expect(run({ command: program("exit 3"), args: ["CANARY"] })).rejects.toThrow(/login failed: exit code 3$/);
});

test("a certificate and the time until which it holds are taken", async () => {
  const status = { clientCertificateData: "CERT", clientKeyData: "KEY", expirationTimestamp: "2026-01-01T00:00:00Z" };
  expect(await run({ command: program(`printf %s '${given(status)}'`) })).toEqual({
    token: undefined,
    cert: "CERT",
    key: "KEY",
    expiresAtMs: Date.UTC(2026, 0, 1),
  });
});

test("a program that prints without end, or does not listen, is killed", async () => {
  await expect(run({ command: program("yes CANARY") })).rejects.toThrow(/maxBuffer/);
  const controller = new AbortController();
  const running = run({ command: program("trap '' TERM\nwhile :; do sleep 0.1; done") }, {}, controller.signal);
  setTimeout(() => controller.abort(new Error("time is up")), 100);
  await expect(running).rejects.toThrow();
}, 5_000);
