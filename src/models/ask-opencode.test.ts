import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createAskOpencode } from "./ask-opencode.ts";

/** A program in the place of OpenCode. */
async function program(script: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "ask-opencode-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "opencode");
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

test("the answer is what the program prints", async () => {
  const ask = createAskOpencode({ command: await program('echo "$1 $2"'), env: process.env });
  expect(await ask(["models", "--refresh"])).toBe("models --refresh\n");
});

test("the question leaves no database and no config behind, and keeps an inherited config", async () => {
  const command = await program('echo "$OPENCODE_DB|$OPENCODE_CONFIG_CONTENT|$KEY"');
  const ask = createAskOpencode({ command, env: { PATH: process.env.PATH, KEY: "k" } });
  expect(await ask([])).toBe(":memory:|{}|k\n");
  const inheriting = createAskOpencode({
    command,
    env: { PATH: process.env.PATH, OPENCODE_CONFIG_CONTENT: '{"a":1}' },
  });
  expect(await inheriting([])).toBe(':memory:|{"a":1}|\n');
});

test("a program that fails is told by its first words", async () => {
  const ask = createAskOpencode({
    command: await program("echo; echo 'Error: no home' >&2; exit 3"),
    env: process.env,
  });
  await expect(ask(["models"])).rejects.toThrow("opencode models: Error: no home");
});

test("a program that hangs is ended", async () => {
  const ask = createAskOpencode({ command: await program("exec sleep 30"), env: process.env, timeoutMs: 200 });
  await expect(ask(["models"])).rejects.toThrow("no answer within");
});

test("a program that hangs and does not listen to TERM is ended all the same", async () => {
  const command = await program("trap '' TERM\nwhile :; do sleep 1; done");
  const ask = createAskOpencode({ command, env: process.env, timeoutMs: 200 });
  await expect(ask(["models"])).rejects.toThrow("no answer within");
}, 3_000);

test("a program that is not there is told in words", async () => {
  const ask = createAskOpencode({ command: "/nowhere/opencode", env: {} });
  await expect(ask(["models"])).rejects.toThrow("there is no opencode in this image");
});
