import type { ConfigFieldSchema } from "@paperclipai/adapter-utils";
import { expect, test } from "vitest";
import { buildAgentConfigurationDoc, buildSettingsTable } from "./documentation.ts";
import { buildForm } from "./form.ts";
import { parseSettings } from "./parse-settings.ts";
import { noPolicy } from "./policy/policy.ts";
import { settings } from "./settings.ts";

const model = "openai/gpt-5";
const { fields } = buildForm();
const field = (key: string) => fields.find((candidate) => candidate.key === key);

/** What Paperclip's page puts into a new agent's config for a field (2026.916.1). */
function initialValue({ type, default: fallback, options }: ConfigFieldSchema): unknown {
  if (fallback !== undefined) return fallback;
  if (type === "toggle") return false;
  if (type === "number") return 0;
  return type === "select" ? (options?.[0]?.value ?? "") : "";
}

const plain = parseSettings({ model }, noPolicy);

test("a new agent saved from the form has the schema's defaults", () => {
  const saved = Object.fromEntries(
    fields.map((each) => [each.key, initialValue(each)]).filter(([, value]) => value !== ""),
  );
  expect(parseSettings({ ...saved, model }, noPolicy)).toEqual(plain);
});

test("the same as text, as a client without types sends it, parses too", () => {
  const saved = Object.fromEntries(fields.map((each) => [each.key, String(initialValue(each))]));
  expect(parseSettings({ ...saved, model }, noPolicy)).toEqual(plain);
});

test("a client that fills in zeros and first options, whatever the defaults are, still has the defaults", () => {
  const saved = Object.fromEntries(
    fields
      .filter(({ type }) => type !== "toggle")
      .map((each) => [each.key, initialValue({ ...each, default: undefined })]),
  );
  expect(parseSettings({ ...saved, model }, noPolicy)).toEqual(plain);
});

test("the four resources are fields of their own, with flat keys", () => {
  const keys = fields.map(({ key }) => key).filter((key) => key.startsWith("resources"));
  expect(keys).toEqual([
    "resources.requests.cpu",
    "resources.requests.memory",
    "resources.limits.cpu",
    "resources.limits.memory",
  ]);
  expect(field("resources.limits.memory")).toMatchObject({
    type: "text",
    hint: expect.stringContaining("Default: 8Gi"),
  });
});

test("the form asks nothing that Paperclip's page asks already", () => {
  for (const key of ["model", "instructionsFilePath", "promptTemplate", "extraArgs", "env", "cwd"]) {
    expect(field(key)).toBeUndefined();
  }
});

test("the pull policy's first option changes nothing", () => {
  expect(field("imagePullPolicy")?.options?.[0]).toEqual({ label: "Kubernetes decides", value: "" });
});

test("every field has a label, a group and a hint, and no two the same key", () => {
  for (const each of fields) expect([each.label, each.group, each.hint].every(Boolean)).toBe(true);
  expect(new Set(fields.map(({ key }) => key)).size).toBe(fields.length);
});

test("every setting stands in the documents", () => {
  const tables = buildSettingsTable(settings.map(({ key }) => key));
  const doc = buildAgentConfigurationDoc();
  for (const { key } of settings) {
    expect(tables).toContain(`| \`${key}\` |`);
    expect(doc).toContain(`- ${key} (`);
  }
  expect(tables).toContain("| `agentDbStorageCapacity` | no | `10Gi` |");
});
