import * as z from "zod";
import { describeFound, isUnset, type Kind, type Refuse } from "./kinds/kind.ts";

export const groups = ["Core", "Kubernetes", "Operational"] as const;
export type Group = (typeof groups)[number];

/** One field of Paperclip's form that stands for a part of a setting. */
export interface FormPart {
  key: string;
  label: string;
  hint: string;
}

/** Everything that is known of one setting. */
export interface Setting<T> {
  kind: Kind<T>;
  group: Group;
  label: string;
  /** What to enter and what it does, in one or two sentences, without the default. */
  hint: string;
  required: boolean;
  fallback: T | undefined;
  /** Says the default in words where it is not a plain value. */
  defaultText: string | undefined;
  /** `page`: Paperclip's own page asks for it, so the form must not ask again. */
  askedBy: "form" | "page" | readonly FormPart[];
  schema: z.ZodType<T>;
}

type About = Pick<Setting<unknown>, "label" | "hint"> & Partial<Pick<Setting<unknown>, "defaultText" | "askedBy">>;

/** A setting that always has a value. */
export function withDefault<T>(kind: Kind<T>, fallback: NoInfer<T>, about: About): Omit<Setting<T>, "group"> {
  const schema = z
    .unknown()
    .transform((value, context) =>
      isUnset(value) || kind.isBlank?.(value) ? fallback : kind.read(value, refuseIn(context, value)),
    );
  return { ...defaults, ...about, kind, fallback, schema };
}

/** A setting that may be absent. */
export function optional<T>(kind: Kind<T>, about: About): Omit<Setting<T | undefined>, "group"> {
  return withDefault<T | undefined>(kind, undefined, about);
}

/** A setting without which no run starts. */
export function required<T>(kind: Kind<T>, about: About & { expected: string }): Omit<Setting<T>, "group"> {
  const schema = z.unknown().transform((value, context): T => {
    const refuse = refuseIn(context, value);
    if (isUnset(value)) refuse(about.expected, { found: "nothing" });
    return kind.read(value ?? "", isUnset(value) ? () => {} : refuse);
  });
  return { ...defaults, ...about, kind, required: true, fallback: undefined, schema };
}

const defaults = { required: false, defaultText: undefined, askedBy: "form" } as const;

function refuseIn(context: z.RefinementCtx<unknown>, value: unknown): Refuse {
  return (expected, { found = describeFound(value), at = [] } = {}) => {
    context.addIssue({ code: "custom", message: expected, path: [...at], params: { found } });
  };
}
