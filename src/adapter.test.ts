import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import { expect, onTestFinished, test } from "vitest";
import { writeKubeconfig, writeTemporary } from "../test/support/scripted-api.ts";
import { createAdapter } from "./adapter.ts";

const pem = (name: string) => readFileSync(new URL(`../test/fixtures/certificates/${name}.pem`, import.meta.url));

async function tlsAddress(): Promise<string> {
  const server = createServer({ cert: pem("valid"), key: pem("key") }, (_, response) => response.end("{}"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** One wake of an agent with this kubeconfig, in a Paperclip that runs in a pod. */
async function wake(kubeconfig: string) {
  const serviceAccountDir = mkdtempSync(join(tmpdir(), "adapter-"));
  writeFileSync(join(serviceAccountDir, "namespace"), "paperclip");
  const adapter = createAdapter({ env: { HOSTNAME: "paperclip-0" }, serviceAccountDir, warn: () => undefined });
  onTestFinished(() => adapter.close());
  const said: string[] = [];
  const context = {
    runId: "r1",
    agent: { id: "a1", companyId: "c1", name: "Ada", adapterType: "opencode_k8s", adapterConfig: {} },
    runtime: { sessionId: null, sessionParams: null, sessionDisplayId: null, taskKey: null },
    config: { model: "a/b", image: "i", kubeconfig },
    context: {},
    onLog: async (_: string, text: string) => void said.push(text),
  } satisfies AdapterExecutionContext;
  const startedAtMs = performance.now();
  const result = await adapter.execute(context);
  return { result, said, tookMs: performance.now() - startedAtMs };
}

test.each<[string, () => Promise<string>, RegExp]>([
  [
    "another authority",
    async () =>
      writeKubeconfig(
        { server: await tlsAddress(), "certificate-authority-data": pem("stranger").toString("base64") },
        {},
      ),
    /certificate is not from the authority/,
  ],
  ["no scheme", async () => writeKubeconfig({ server: "10.0.0.1:6443" }, {}), /begins with https:\/\//],
  [
    "a program",
    async () =>
      writeKubeconfig(
        { server: "https://a" },
        { exec: { apiVersion: "client.authentication.k8s.io/v1", command: "x" } },
      ),
    /OPENCODE_K8S_KUBECONFIG_DIRS/,
  ],
  [
    "another file's text",
    async () => writeTemporary("shadow", "root:CANARY:1:2\n"),
    /is not valid YAML|no context|no mapping/,
  ],
])("a kubeconfig with %s ends a run at once, in words, and none of its text is told", async (_, write, message) => {
  const { result, said, tookMs } = await wake(await write());
  expect(result).toMatchObject({ errorCode: "k8s_connection_failed", errorMessage: expect.stringMatching(message) });
  expect(said.join("")).not.toContain("still trying");
  expect(JSON.stringify([result, said])).not.toContain("CANARY");
  expect(tookMs).toBeLessThan(5_000);
});
