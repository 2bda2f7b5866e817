import * as z from "zod";
import { isLabelValue, isQualifiedName } from "../formats/kubernetes-names.ts";
import { isCommentary } from "../formats/text.ts";
import type { Kind } from "./kind.ts";
import { readStructure } from "./structure.ts";

const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;
const operators = ["Equal", "Exists"] as const;

const text = (expected: string) => z.string({ error: expected });

const toleration = z
  .strictObject({
    key: text("a taint's key")
      .refine((key) => key === "" || isQualifiedName(key), "a taint's key")
      .optional(),
    operator: z.enum(operators, { error: `one of ${operators.join(", ")}` }).optional(),
    value: text("text: put a number or true in quotes").refine(isLabelValue, "a taint's value").optional(),
    effect: z.enum(["", ...effects], { error: `one of ${effects.join(", ")}` }).optional(),
    tolerationSeconds: z.int({ error: "a whole number of seconds" }).optional(),
  })
  .superRefine((toleration, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (!toleration.key && toleration.operator !== "Exists") refuse("operator", "Exists, since key is missing");
    if (toleration.operator === "Exists" && toleration.value) refuse("value", "no value with the operator Exists");
    if (toleration.tolerationSeconds !== undefined && toleration.effect !== "NoExecute") {
      refuse("effect", "NoExecute, when tolerationSeconds is given");
    }
  });

export type Toleration = Readonly<z.infer<typeof toleration>>;

const tolerations = z.array(toleration, { error: "a list of tolerations" });

export const tolerationsKind: Kind<readonly Toleration[]> = {
  accepts: "a list as YAML or JSON text, or an array",
  control: "textarea",
  isBlank: isCommentary,
  read: (value, refuse) => readStructure(value, { schema: tolerations, name: "tolerations", refuse }) ?? [],
};
