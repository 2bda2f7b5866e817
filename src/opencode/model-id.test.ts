import { expect, test } from "vitest";
import { parseModelId } from "./model-id.ts";

test.each([
  ["openai/gpt-5.5", { provider: "openai", model: "gpt-5.5" }],
  ["openrouter/openai/gpt-oss-120b:nitro", { provider: "openrouter", model: "openai/gpt-oss-120b:nitro" }],
  ["  a/b ", { provider: "a", model: "b" }],
])("%j is a model of a provider", (text, id) => expect(parseModelId(text)).toEqual(id));

test.each(["", "gpt-5.5", "/gpt", "openai/", "open ai/gpt", "openai/gpt 5"])("%j is none", (text) =>
  expect(parseModelId(text)).toBeUndefined(),
);
