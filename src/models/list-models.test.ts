import { expect, test } from "vitest";
import { listModels } from "./list-models.ts";

/** In the form of OpenCode's catalogue; the lists below are what `opencode models` 1.18.33 printed for it. */
const catalogue = {
  openai: {
    env: ["OPENAI_API_KEY"],
    models: {
      "gpt-10": { cost: { input: 1 } },
      "gpt-9": {},
      old: { status: "deprecated" },
      coming: { status: "alpha" },
      trial: { status: "beta" },
    },
  },
  opencode: { env: ["OPENCODE_API_KEY"], models: { free: { cost: { input: 0 } }, paid: { cost: { input: 1 } } } },
  "without-key": { env: [], models: { m: {} } },
  vertex: { env: ["PROJECT", "GOOGLE_APPLICATION_CREDENTIALS"], models: { m: {} } },
};

const ids = (env: Record<string, string>, config: object = {}, from: unknown = catalogue) =>
  listModels(from, { env, config: { ...config } }).map(({ id }) => id);

test("models are those of providers with a key, by name, and what is free", () => {
  expect(ids({ OPENAI_API_KEY: "k" })).toEqual(["openai/gpt-9", "openai/gpt-10", "openai/trial", "opencode/free"]);
  expect(ids({ OPENAI_API_KEY: " " })).toEqual(["opencode/free"]);
  expect(ids({ GOOGLE_APPLICATION_CREDENTIALS: "/x" })).toEqual(["opencode/free", "vertex/m"]);
  expect(ids({ OPENCODE_API_KEY: "k" })).toEqual(["opencode/free", "opencode/paid"]);
});

test("a provider of the configuration needs no key, and brings its models", () => {
  const provider = {
    mine: { models: { m1: {}, "a/b": {} } },
    openai: { models: { custom: {} }, blacklist: ["gpt-9"] },
  };
  expect(ids({}, { provider })).toEqual([
    "mine/a/b",
    "mine/m1",
    "openai/custom",
    "openai/gpt-10",
    "openai/trial",
    "opencode/free",
  ]);
});

test("lists of the configuration leave providers and models out", () => {
  const env = { OPENAI_API_KEY: "k" };
  expect(ids(env, { disabled_providers: ["openai"] })).toEqual(["opencode/free"]);
  expect(ids(env, { enabled_providers: ["openai"], provider: { openai: { whitelist: ["gpt-9"] } } })).toEqual([
    "openai/gpt-9",
  ]);
});

test.each([
  null,
  7,
  "text",
  [],
  { openai: null },
  { openai: { env: "OPENAI_API_KEY", models: { m: {} } } },
  { openai: { env: ["OPENAI_API_KEY"], models: ["m"] } },
  { openai: { env: ["OPENAI_API_KEY"], models: { m: null } } },
  JSON.parse('{"__proto__":{"env":["OPENAI_API_KEY"],"models":{"m":1}},"constructor":{"env":[null]}}'),
])("%j has no model", (hostile) => {
  expect(ids({ OPENAI_API_KEY: "k" }, { provider: 1, disabled_providers: 2 }, hostile)).toEqual([]);
});

test("names that are more than names are left out, and so are too long and too many", () => {
  const models = (names: string[]) => ({
    openai: { env: ["OPENAI_API_KEY"], models: Object.fromEntries(names.map((name) => [name, {}])) },
  });
  const odd = ["<script>", "a b", "a\u001b[31m", "a\u202eb", "", "x".repeat(200), "ok"];
  expect(ids({ OPENAI_API_KEY: "k" }, {}, models(odd))).toEqual(["openai/ok"]);
  const many = Array.from({ length: 20_000 }, (_, n) => `m${n}`);
  expect(ids({ OPENAI_API_KEY: "k" }, {}, models(many))).toHaveLength(10_000);
});
