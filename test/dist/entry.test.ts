import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { copyEntry, entry, inCleanProcess, root } from "./built.ts";

const source = readFileSync(entry, "utf8");
const builtins = new Set([...builtinModules, ...builtinModules.map((name) => `node:${name}`)]);
/** Asked for inside a `try` by a colour library, and by a cache of undici's that is never opened. */
const optional = new Set(["supports-color"]);

const forms = [
  /^(?:import|export)\b[^"';]*?from\s*["']([^"']+)["']/gm,
  /^import\s*["']([^"']+)["']/gm,
  /\bimport\(\s*["']([^"']+)["']\s*\)/g,
  /\b(?:__)?require\d*\(\s*["']([^"']+)["']\s*\)/g,
];

test("the entry is one file: a reload by Paperclip takes no other anew", () => {
  const scripts = readdirSync(join(root, "dist")).filter((file) => /\.[cm]?js$/.test(file));
  expect(scripts.toSorted()).toEqual(["index.js", "ui-parser.cjs"]);
});

test("the entry asks for nothing but what is in Node", () => {
  const asked = new Set(forms.flatMap((form) => [...source.matchAll(form)].map(([, name = ""]) => name)));
  expect(asked).toContain("node:module");
  expect([...asked].filter((name) => !builtins.has(name) && !optional.has(name))).toEqual([]);
});

test("a re-export crashed the adapter's load at every server restart: the entry loads alone, in a clean process", async () => {
  const url = JSON.stringify(pathToFileURL(copyEntry()).href);
  const code = `const entry = await import(${url}); console.log(JSON.stringify(Object.keys(entry).sort()));`;
  expect(await inCleanProcess(code)).toEqual(expect.arrayContaining(["createServerAdapter", "label", "type"]));
});

test("what is loaded on first use is in the file as well", async () => {
  const url = JSON.stringify(pathToFileURL(copyEntry()).href);
  const code = `
    import { createServer } from "node:http";
    import { rmSync, writeFileSync } from "node:fs";
    const server = createServer((_, response) => response.writeHead(403).end("no"));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = "http://127.0.0.1:" + server.address().port;
    const { createServerAdapter } = await import(${url});
    const adapter = createServerAdapter();
    const kubeconfig = process.cwd() + "/dist-test-" + process.pid + ".json";
    writeFileSync(kubeconfig, JSON.stringify({
      apiVersion: "v1", kind: "Config", "current-context": "x",
      clusters: [{ name: "c", cluster: { server: url, "insecure-skip-tls-verify": true } }],
      users: [{ name: "u", user: { token: "t" } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    }));
    const skills = await adapter.listSkills({ agentId: "a", companyId: "c", adapterType: adapter.type, config: {} });
    const failure = await adapter.execute({
      runId: "r", agent: { id: "a", companyId: "c", name: "Ada", adapterType: adapter.type, adapterConfig: {} },
      runtime: { sessionId: null, sessionParams: null, sessionDisplayId: null, taskKey: null },
      config: { kubeconfig: "/none/config", model: "a/b" }, context: {}, onLog: async () => {},
    });
    const test = adapter.testEnvironment({ adapterType: adapter.type, companyId: "c", config: { kubeconfig, model: "a/b", image: "a:1" } });
    const codes = (await test).checks.map(({ code }) => code);
    rmSync(kubeconfig);
    console.log(JSON.stringify({ skills: typeof skills, code: failure.errorCode, codes }));
    process.exit(0);
  `;
  expect(await inCleanProcess(code)).toEqual({
    skills: "object",
    code: "k8s_connection_failed",
    codes: expect.arrayContaining(["k8s_connected", "k8s_job_refused"]),
  });
});

test("importing it twice, as a reload does, gives a second adapter and no error", async () => {
  const { href } = pathToFileURL(copyEntry());
  const code = `
    const first = await import(${JSON.stringify(href)});
    const second = await import(${JSON.stringify(`${href}?t=1`)});
    console.log(JSON.stringify([first, second].map(({ createServerAdapter }) => createServerAdapter().type)));
  `;
  expect(await inCleanProcess(code)).toEqual(["opencode_k8s", "opencode_k8s"]);
});

test("importing it starts nothing that keeps a process alive, nor listens to signals", async () => {
  const code = `
    const { createServerAdapter } = await import(${JSON.stringify(pathToFileURL(copyEntry()).href)});
    createServerAdapter();
    const listeners = ["SIGTERM", "SIGINT", "exit", "beforeExit", "uncaughtException", "unhandledRejection"];
    const heard = listeners.filter((name) => process.listenerCount(name) > 0);
    console.log(JSON.stringify({ heard, resources: process.getActiveResourcesInfo().filter((one) => /Timer|Timeout|TCP/.test(one)) }));
  `;
  expect(await inCleanProcess(code)).toEqual({ heard: [], resources: [] });
});
