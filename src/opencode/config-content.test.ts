import { expect, test } from "vitest";
import { buildConfigContent, type ConfigContentRequest } from "./config-content.ts";

function contentOf(request: Partial<ConfigContentRequest>) {
  const content = buildConfigContent({ model: "corp/a", dangerouslySkipPermissions: true, ...request });
  if (content.kind === "unreadable") throw new Error(content.message);
  return JSON.parse(content.json);
}

const corp = { npm: "@ai-sdk/openai-compatible", options: { baseURL: "http://llm.example/v1" }, models: { b: {} } };

test("without anything inherited only what a run needs is set", () => {
  expect(contentOf({})).toEqual({
    snapshot: false,
    autoupdate: false,
    permission: { external_directory: "allow" },
    provider: { corp: { models: { a: {} } } },
  });
});

test("permissions stay as they are unless they are to be skipped", () => {
  expect(contentOf({ dangerouslySkipPermissions: false })).not.toHaveProperty("permission");
  const inherited = JSON.stringify({ permission: { bash: "deny", external_directory: "ask" } });
  expect(contentOf({ inherited, dangerouslySkipPermissions: false }).permission).toEqual({
    bash: "deny",
    external_directory: "ask",
  });
});

test("the rule for directories comes after the inherited ones, as the last rule that fits wins", () => {
  const inherited = JSON.stringify({ permission: { external_directory: { "/etc/**": "deny" }, "*": "ask" } });
  expect(Object.entries(contentOf({ inherited }).permission)).toEqual([
    ["*", "ask"],
    ["external_directory", "allow"],
  ]);
  expect(contentOf({ inherited: '{"permission":"ask"}' }).permission).toEqual({
    "*": "ask",
    external_directory: "allow",
  });
});

test("everything else that is inherited stays", () => {
  const inherited =
    '{ // the operator\'s\n "instructions": ["A.md"], "share": "auto", "mcp": {"own": {"type": "local"}}, }';
  expect(contentOf({ inherited })).toMatchObject({
    instructions: ["A.md"],
    share: "auto",
    mcp: { own: { type: "local" } },
  });
});

test("a model that its provider does not list is added with an empty entry", () => {
  expect(contentOf({ inherited: JSON.stringify({ provider: { corp } }) }).provider).toEqual({
    corp: { ...corp, models: { b: {}, a: {} } },
  });
  expect(contentOf({ providersJson: JSON.stringify({ corp: { npm: "x" } }) }).provider).toEqual({
    corp: { npm: "x", models: { a: {} } },
  });
});

test("a model that is listed is left alone", () => {
  const listed = { corp: { ...corp, models: { a: { name: "A" } } } };
  expect(contentOf({ inherited: JSON.stringify({ provider: listed }) }).provider).toEqual(listed);
});

test("a router's variant, of a provider that only OpenCode or the operator's file knows, is added", () => {
  expect(contentOf({ model: "openrouter/openai/gpt-5.5:nitro" }).provider).toEqual({
    openrouter: { models: { "openai/gpt-5.5:nitro": {} } },
  });
  const inherited = JSON.stringify({ provider: { corp } });
  expect(contentOf({ model: "openrouter/x", inherited }).provider).toEqual({ corp, openrouter: { models: { x: {} } } });
});

test("for a list of what OpenCode knows by itself no provider is made up", () => {
  expect(contentOf({ model: "nobody/nothing", registersNewProvider: false })).not.toHaveProperty("provider");
  const inherited = JSON.stringify({ provider: { corp } });
  expect(contentOf({ inherited, registersNewProvider: false }).provider.corp.models).toEqual({ b: {}, a: {} });
});

test("additional providers stand over inherited ones of the same name", () => {
  const content = contentOf({
    inherited: JSON.stringify({ provider: { corp, other: { npm: "y" } } }),
    providersJson: JSON.stringify({ corp: { npm: "x", models: { a: {} } } }),
  });
  expect(content.provider).toEqual({ corp: { npm: "x", models: { a: {} } }, other: { npm: "y" } });
});

test("tool servers are remote ones with their headers", () => {
  const headers = { Authorization: "Bearer {env:TOKEN}" };
  const content = contentOf({
    inherited: '{"mcp":{"own":{"type":"local","command":["x"]}}}',
    mcpServers: [{ name: "tools", url: "https://mcp.example", headers }],
  });
  expect(content.mcp).toEqual({
    own: { type: "local", command: ["x"] },
    tools: { type: "remote", url: "https://mcp.example", enabled: true, oauth: false, headers },
  });
});

test("the small model is set when given", () => {
  expect(contentOf({ smallModel: "corp/b" }).small_model).toBe("corp/b");
});

test.each(["{ nonsense", "[]", '"text"', "7"])("an inherited value of %j is refused in words", (inherited) => {
  expect(buildConfigContent({ model: "a/b", dangerouslySkipPermissions: true, inherited })).toMatchObject({
    kind: "unreadable",
    source: "inherited",
    message: expect.stringContaining("OPENCODE_CONFIG_CONTENT"),
  });
});

test("additional providers that are no JSON are refused in words", () => {
  expect(buildConfigContent({ model: "a/b", dangerouslySkipPermissions: true, providersJson: "{" })).toMatchObject({
    kind: "unreadable",
    source: "providers",
  });
});
