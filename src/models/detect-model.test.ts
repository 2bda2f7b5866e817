import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { detectModel } from "./detect-model.ts";
import { fallbackModels } from "./fallback-models.ts";
import { providerKeys } from "./provider-keys.ts";

const files = (contents: Record<string, string>) => async (path: string) => contents[path];

test("the model of an inherited config is found", async () => {
  const env = { OPENCODE_CONFIG_CONTENT: '{"model":"openai/gpt-5.5",}', HOME: "/home" };
  expect(await detectModel(env, files({}))).toEqual({
    model: "openai/gpt-5.5",
    provider: "openai",
    source: "OPENCODE_CONFIG_CONTENT",
  });
});

test("then the operator's files are looked at, in OpenCode's order", async () => {
  const read = files({
    "/etc/opencode.json": '{"model":"a/from-env"}',
    "/home/.config/opencode/opencode.json": '{"model":"a/from-home"}',
    "/xdg/opencode/opencode.jsonc": '{"model":"a/from-xdg" /* ours */}',
  });
  expect((await detectModel({ HOME: "/home", OPENCODE_CONFIG: "/etc/opencode.json" }, read))?.model).toBe("a/from-env");
  expect((await detectModel({ HOME: "/home" }, read))?.model).toBe("a/from-home");
  expect((await detectModel({ HOME: "/home", XDG_CONFIG_HOME: "/xdg" }, read))?.source).toBe(
    "/xdg/opencode/opencode.jsonc",
  );
});

test.each(["{ nonsense", '{"model":"without-provider"}', '{"model":7}', "{}"])("%j names no model", async (text) => {
  expect(await detectModel({ OPENCODE_CONFIG_CONTENT: text, HOME: "/home" }, files({}))).toBeNull();
});

test.each([
  ["ANTHROPIC_API_KEY", "anthropic"],
  ["OPENAI_API_KEY", "openai"],
  ["GEMINI_API_KEY", "google"],
])("where nothing but %s is set, a model of %s is offered", async (variable, provider) => {
  const found = await detectModel({ HOME: "/home", [variable]: "sk-1" }, files({}));
  expect(found).toMatchObject({ provider, source: variable });
  expect(found?.model.startsWith(`${provider}/`)).toBe(true);
});

test("a configured model comes before any key, the first of the list before the second, and an empty key is none", async () => {
  const keys = { OPENAI_API_KEY: "sk-1", ANTHROPIC_API_KEY: "sk-2", HOME: "/home" };
  expect((await detectModel({ ...keys, OPENCODE_CONFIG_CONTENT: '{"model":"a/b"}' }, files({})))?.model).toBe("a/b");
  expect((await detectModel(keys, files({})))?.provider).toBe("anthropic");
  expect((await detectModel({ ...keys, ANTHROPIC_API_KEY: " " }, files({})))?.provider).toBe("openai");
});

test("each provider of the fallback list has its keys named", () => {
  const providers = fallbackModels.map(({ id }) => id.split("/")[0] ?? "");
  expect(new Set(providers)).toEqual(new Set(Object.keys(providerKeys)));
});

test("a config on the volume is read through no link", async () => {
  const home = await mkdtemp(join(tmpdir(), "detect-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const folder = join(home, ".config", "opencode");
  await mkdir(folder, { recursive: true });
  await writeFile(join(home, "secret.json"), '{"model":"a/canary"}');
  await symlink(join(home, "secret.json"), join(folder, "opencode.json"));
  expect(await detectModel({ HOME: home, PAPERCLIP_HOME: home })).toBeNull();
  await rm(join(folder, "opencode.json"));
  await writeFile(join(folder, "opencode.json"), '{"model":"a/own"}');
  expect((await detectModel({ HOME: home, PAPERCLIP_HOME: home }))?.model).toBe("a/own");
});

test("nothing configured is nothing detected", async () => {
  expect(await detectModel({ HOME: "/nowhere-at-all" })).toBeNull();
});
