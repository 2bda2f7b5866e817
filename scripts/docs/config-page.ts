import { type Group, groups } from "../../src/config/field.ts";
import { describeDefault } from "../../src/config/form.ts";
import { settings } from "../../src/config/settings.ts";
import { code, table } from "./markdown.ts";

/** docs/config.md: every setting with all the forms in which it may come. */
export function buildConfigPage(): string {
  return [
    "<!-- Written by `npm run docs` from src/config/. Do not edit. -->",
    "# Settings",
    "",
    "An agent's settings stand in its adapter config. Only `model` has to be set. Empty text and `null` mean unset;",
    "numbers may come as digits. Text of comments (`#`) and blank lines alone means unset too where YAML or lines are",
    "accepted. Keys that are not listed are left alone.",
    "",
    "A value that cannot be used fails the run with `k8s_config_invalid`, which names every bad field, before anything",
    'is created in the cluster. Paperclip\'s "Run test" reports the same list. What the operator of Paperclip does not allow',
    "ends with `k8s_policy_denied`: [policy.md](policy.md).",
    ...groups.flatMap((group) => ["", `## ${group}`, "", groupTable(group)]),
    "",
    ...examples,
    "",
  ].join("\n");
}

function groupTable(group: Group): string {
  const rows = settings
    .filter((setting) => setting.group === group)
    .map((setting) => {
      const text = describeDefault(setting);
      const plain = setting.defaultText === undefined && text !== undefined;
      const state = setting.required ? "**required**" : plain ? code(text) : (text ?? "—");
      return [code(setting.key), setting.kind.accepts, state, setting.hint];
    });
  return table(["Field", "Accepts", "Default", "Description"], rows);
}

const examples = [
  "## Forms of the same value",
  "",
  "`variant` is also taken from `effort` or `thinkingEffort`, which Paperclip's page writes, while it is empty itself.",
  "",
  "`resources` as an object, as flat keys (what Paperclip's form saves; they come first), or as YAML or JSON text:",
  "",
  "```json",
  '{ "resources": { "requests": { "cpu": "500m" }, "limits": { "memory": "16Gi", "nvidia.com/gpu": "1" } } }',
  '{ "resources.requests.cpu": "500m", "resources.limits.memory": "16Gi", "resources.limits.nvidia.com/gpu": "1" }',
  "```",
  "",
  "Each default stays until it is set; `null`, or `none` as in the form, takes it away. A default request gives way to a",
  "smaller limit. A request that is set above its limit is refused.",
  "",
  "`nodeSelector` and `labels` as lines, as YAML or JSON text, or as an object:",
  "",
  "```text",
  "disk=ssd",
  "kubernetes.io/arch=arm64",
  "```",
  "",
  "`tolerations` as YAML or JSON text, or as an array:",
  "",
  "```yaml",
  "- key: agents",
  "  operator: Exists",
  "  effect: NoSchedule",
  "```",
  "",
  "`podTemplate` as YAML or JSON text, or as an object, with `metadata.labels`, `metadata.annotations` and `spec`. The",
  "agent's container has the name `opencode`:",
  "",
  "```yaml",
  "spec:",
  "  priorityClassName: agents",
  "  containers:",
  "    - name: opencode",
  "      volumeMounts:",
  "        - { name: models, mountPath: /models }",
  "  volumes:",
  "    - name: models",
  "      persistentVolumeClaim: { claimName: models }",
  "```",
  "",
  '`env` as an object of text, with Paperclip\'s bindings (`{ "type": "plain", "value": … }`), or as `NAME=value` lines.',
  "`PAPERCLIP_API_KEY` and other variables that Paperclip gives a run cannot be replaced.",
  "",
  "`extraArgs`, or `args` while it is empty, as an array, or as text that is split as a shell does; a comma before a blank or a dash splits too.",
];
