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
      .exactOptional(),
    operator: z.enum(operators, { error: `one of ${operators.join(", ")}` }).exactOptional(),
    value: text("text: put a number or true in quotes").refine(isLabelValue, "a taint's value").exactOptional(),
    effect: z.enum(["", ...effects], { error: `one of ${effects.join(", ")}` }).exactOptional(),
    tolerationSeconds: z.int({ error: "a whole number of seconds" }).exactOptional(),
  })
  .superRefine((toleration, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (!toleration.key && toleration.operator !== "Exists") refuse("operator", "Exists, since key is missing");
    if (toleration.operator === "Exists" && toleration.value) refuse("value", "no value with the operator Exists");
    if (toleration.tolerationSeconds !== undefined && toleration.effect !== "NoExecute") {
      refuse("effect", "NoExecute, when tolerationSeconds is given");
    }
  });

const tolerations = z.array(toleration, { error: "a list of tolerations" });

export const tolerationsKind: Kind<readonly z.infer<typeof toleration>[]> = {
  accepts: "a list as YAML or JSON text, or an array",
  control: "textarea",
  isBlank: isCommentary,
  read: (value, refuse) => readStructure(value, { schema: tolerations, name: "tolerations", refuse }) ?? [],
};
