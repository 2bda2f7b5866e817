import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { shells } from "../../../test/support/launch.ts";
import script from "./preflight.sh?raw";
import { readPreflightReport } from "./report.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "preflight-"));
  mkdirSync(join(dir, "bin"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const server = createServer((request, response) => {
  response.writeHead(request.url === "/api/health" ? 200 : 403).end("{}");
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

/** What an image without anything special has. */
const plain = ["sh", "sed", "head", "tail", "tr", "cut", "grep", "cat", "sleep", "printf", "awk", "env"];

function program(name: string, text: string): void {
  const file = join(dir, "bin", name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}

function link(name: string): void {
  const file = join(dir, "bin", name);
  if (!existsSync(file)) symlinkSync(name === "node" ? process.execPath : `/usr/bin/${name}`, file);
}

const opencode = `
case $1 in
  --version) echo 1.18.33 ;;
  models) printf '%s\\n' a/x b/one b/two 'b/two/deep' 'Models cache refreshed' ;;
esac`;

interface Look {
  shell: string[];
  model?: string;
  env?: Record<string, string>;
  /** Beside what every image has. */
  tools?: string[];
  without?: string;
}

async function look({ shell, model = "b/two", env = {}, tools = ["curl"], without = "" }: Look) {
  for (const name of [...plain, ...tools]) if (name !== without) link(name);
  const [name = "sh", ...args] = shell;
  const child = spawn(name.startsWith("/") ? name : `/usr/bin/${name}`, [...args, "-c", script, "preflight", model], {
    cwd: dir,
    env: { PATH: join(dir, "bin"), PAPERCLIP_API_URL: url, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, output, report: readPreflightReport(output.split("\n")) };
}

describe.each(shells)("the preflight's script under $name", { timeout: 20_000 }, ({ shell }) => {
  test("tells the version, that the model is listed and that Paperclip answers", async () => {
    program("opencode", opencode);
    const { code, report, output } = await look({ shell });
    expect(code).toBe(0);
    expect(report).toEqual({
      opencode: { kind: "version", version: "1.18.33" },
      model: { kind: "listed" },
      api: { kind: "status", status: 200 },
    });
    expect(output.trim().split("\n")).toHaveLength(3);
  });

  test("a model that is not listed comes with those of its provider, a part of a name is not enough", async () => {
    program("opencode", opencode);
    const { report } = await look({ shell, model: "b/tw" });
    expect(report.model).toEqual({
      kind: "unlisted",
      all: 4,
      ofProvider: 3,
      offers: ["b/one", "b/two", "b/two/deep"],
    });
    expect((await lookAgain({ shell, model: "*/*" })).model).toMatchObject({ kind: "unlisted", ofProvider: 0 });
  });

  test("no opencode, one that fails, and a list that fails", async () => {
    expect((await look({ shell })).report.opencode).toEqual({ kind: "missing" });
    program("opencode", "echo; printf '\\033[91m\\033[1mError: \\033[0mno loader\\nmore\\n' >&2; exit 3");
    expect((await lookAgain({ shell })).opencode).toEqual({ kind: "failed", exitCode: 3, words: "Error: no loader" });
    program("opencode", "[ $1 = --version ] && { echo 1.2.3; exit; }; echo 'Error: no home' >&2; exit 1");
    expect(await lookAgain({ shell })).toMatchObject({
      opencode: { kind: "version", version: "1.2.3" },
      model: { kind: "failed", exitCode: 1, words: "Error: no home" },
    });
  });

  test("OpenCode keeps no database, reads nothing of the prompt, and has a run's own configuration", async () => {
    program(
      "opencode",
      `[ "$1" = models ] && { echo "p/\${OPENCODE_DB}-\${OPENCODE_CONFIG_CONTENT}-$(cat)"; exit; }; echo 1.0.0`,
    );
    const { report } = await look({ shell, model: "p/:memory:-{}-", env: { OPENCODE_CONFIG_CONTENT: "{}" } });
    expect(report.model).toEqual({ kind: "listed" });
  });

  test("no value of a variable stands in the words of an error, whichever is part of another", async () => {
    program("opencode", 'echo "Error: $KEY and $LONGER in $HOME, $(echo "$LINES" | tail -n 1)" >&2; exit 1');
    const env = {
      KEY: "sk-01234567",
      LONGER: "sk-0123456789",
      HOME: "/paperclip",
      LINES: "-----BEGIN\nprivate-key-line",
    };
    const { report, output } = await look({ shell, env });
    expect(report.opencode).toMatchObject({ words: "Error: *** and *** in /paperclip, ***" });
    expect(output).not.toMatch(/0123|private/);
  });

  test.each(["curl", "wget", "node"])("an address is tried with %s: good, refused, nobody there", async (tool) => {
    program("opencode", opencode);
    expect((await look({ shell, tools: [tool] })).report.api).toEqual({ kind: "status", status: 200 });
    const refused = await lookAgain({ shell, env: { PAPERCLIP_API_URL: `${url}/other/` } });
    expect(refused.api).toEqual({ kind: "status", status: 403 });
    const { api } = await lookAgain({ shell, env: { PAPERCLIP_API_URL: "http://127.0.0.1:1" } });
    expect(api).toMatchObject({ kind: "failed", words: expect.stringMatching(/refused|connect/i) });
  });
});

/** Busybox has programs of its own, whatever the PATH says. */
const bare = shells.filter(({ shell }) => shell[0] !== "busybox");

describe.each(bare)(
  "the preflight's script under $name, in an image that lacks programs",
  { timeout: 20_000 },
  ({ shell }) => {
    // With a `sleep` that is a moment.
    test("an opencode that hangs, deaf to TERM, is ended and told as late", async () => {
      program("sleep", "exec /usr/bin/sleep 0.3");
      program("opencode", "trap '' TERM; while :; do /usr/bin/sleep 0.1; done");
      const { report, code } = await look({ shell });
      expect({ code, opencode: report.opencode }).toMatchObject({
        code: 0,
        opencode: { kind: "failed", exitCode: 124 },
      });
    });

    test("without awk no word of an error is shown", async () => {
      program("opencode", 'echo "Error: $KEY" >&2; exit 1');
      const { report } = await look({ shell, env: { KEY: "sk-01234567" }, without: "awk" });
      expect(report.opencode).toEqual({ kind: "failed", exitCode: 1, words: "" });
    });

    test("with none of them that is said", async () => {
      program("opencode", opencode);
      expect((await look({ shell, tools: [] })).report.api).toEqual({ kind: "untested" });
    });
  },
);

/** The same folder, once it has its programs. */
async function lookAgain(again: Look) {
  return (await look({ ...again, tools: [] })).report;
}
