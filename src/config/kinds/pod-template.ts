import * as z from "zod";
import { isQualifiedName } from "../formats/kubernetes-names.ts";
import { isCommentary } from "../formats/text.ts";
import { checkLabels } from "./key-values.ts";
import type { Kind } from "./kind.ts";
import { readStructure } from "./structure.ts";

const textMap = z.record(z.string(), z.string({ error: "text: put a number or true in quotes" }), {
  error: "an object of text values",
});

const labels = textMap.superRefine((labels, context) =>
  checkLabels(labels, (message, key) => context.addIssue({ code: "custom", path: [key], message })),
);

const annotations = textMap.superRefine((annotations, context) => {
  for (const key of Object.keys(annotations)) {
    if (!isQualifiedName(key))
      context.addIssue({ code: "custom", path: [key], message: "name or prefix/name as the key" });
  }
});

const named = z.array(
  z.looseObject({
    name: z
      .string({ error: "a name: lists are merged by it, and the agent's container is opencode" })
      .min(1, "a name: lists are merged by it, and the agent's container is opencode"),
  }),
  { error: "a list" },
);

/** What of a Pod may be given. The rest of `spec` is Kubernetes' own to judge: a dry run shows it. */
const podTemplate = z.strictObject(
  {
    metadata: z
      .strictObject({ labels: labels.optional(), annotations: annotations.optional() }, { error: "an object" })
      .optional(),
    spec: z
      .looseObject(
        { containers: named.optional(), initContainers: named.optional(), volumes: named.optional() },
        { error: "an object, a Pod's spec" },
      )
      .optional(),
  },
  { error: "an object with metadata, spec or both, as in a Pod" },
);

export type PodTemplate = Readonly<z.infer<typeof podTemplate>>;

export const podTemplateKind: Kind<PodTemplate> = {
  accepts: "YAML or JSON text, or an object",
  control: "textarea",
  isBlank: isCommentary,
  read: (value, refuse) => readStructure(value, { schema: podTemplate, name: "podTemplate", refuse }) ?? {},
};
