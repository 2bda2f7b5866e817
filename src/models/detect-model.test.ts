import { expect, test } from "vitest";
import { detectModel } from "./detect-model.ts";

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

test("nothing configured is nothing detected", async () => {
  expect(await detectModel({ HOME: "/nowhere-at-all" })).toBeNull();
});
