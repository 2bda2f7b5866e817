import { optional, required, withDefault } from "./field.ts";
import { isDnsSubdomain } from "./formats/kubernetes-names.ts";
import { argumentsKind } from "./kinds/arguments.ts";
import { choiceKind, proseKind, storageKind, textKind, toggleKind } from "./kinds/scalars.ts";

const modelExpected = "provider/model, such as anthropic/claude-sonnet-4-5";
const modelKind = textKind({ accepts: (text) => /^[^\s/]+\/\S+$/.test(text), expected: modelExpected });

export const coreSettings = {
  model: required(modelKind, {
    label: "Model",
    hint: "OpenCode model in provider/model form.",
    expected: modelExpected,
    askedBy: "page",
  }),
  variant: optional(textKind(), {
    label: "Variant",
    hint: "Reasoning profile of the model, such as high or minimal. While it is empty, Paperclip's thinking effort is used.",
  }),
  instructionsFilePath: optional(textKind(), {
    label: "Instructions file",
    hint: "Absolute path to a markdown file that stands before every run's prompt.",
    askedBy: "page",
  }),
  promptTemplate: optional(proseKind, {
    label: "Prompt template",
    hint: "Replaces the prompt of a heartbeat; {{agent.name}}, {{runId}} and {{context.…}} are filled in.",
    defaultText: "Paperclip's own",
    askedBy: "page",
  }),
  bootstrapPromptTemplate: optional(proseKind, {
    label: "Bootstrap prompt template",
    hint: "Sent once, when an agent's session starts.",
    askedBy: "page",
  }),
  extraArgs: withDefault(argumentsKind, [], {
    label: "Extra arguments",
    hint: "Further arguments for opencode run, such as --agent. Those that belong to the run, such as --model, --format and --session, are refused.",
    defaultText: "none",
    askedBy: "page",
  }),
  dangerouslySkipPermissions: withDefault(toggleKind, true, {
    label: "Skip permissions",
    hint: "Injects a runtime config that grants permission.external_directory=allow. Without it OpenCode stops where it would have to ask, and with it still where it asks for something else, such as a .env file.",
  }),
  isolation: withDefault(choiceKind(["shared", "strict"]), "shared", {
    label: "Isolation",
    hint: "What of the shared volume is in the agent's pod: shared (all of /paperclip, with every agent's files) or strict (only what the run needs, with a home of its own).",
  }),
  agentDbMode: withDefault(choiceKind(["ephemeral", "dedicated_pvc"]), "ephemeral", {
    label: "Agent database",
    hint: "Where OpenCode's sessions live: ephemeral (in the pod, kept between runs on the shared volume) or dedicated_pvc (a volume claim of the agent's own).",
  }),
  agentDbStorageClass: optional(
    textKind({ accepts: isDnsSubdomain, expected: "the name of a StorageClass: lowercase letters, digits, - and ." }),
    {
      label: "Database storage class",
      hint: "StorageClass of the agent's claim, one that offers ReadWriteMany; only for dedicated_pvc.",
      defaultText: "the cluster's default",
    },
  ),
  agentDbStorageCapacity: withDefault(storageKind, "10Gi", {
    label: "Database storage size",
    hint: "Size of the agent's claim, such as 10Gi; only for dedicated_pvc.",
  }),
};
