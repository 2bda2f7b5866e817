import * as z from "zod";

/** Says that a value cannot be used. `at` names the part of it that is meant, as keys from its root. */
export type Refuse = (expected: string, details?: { found?: string; at?: readonly PropertyKey[] }) => void;

/** What a setting can hold, and how the form asks for it. */
export interface Kind<T> {
  /** For documents: "text", "a whole number". */
  accepts: string;
  control: "text" | "textarea" | "number" | "toggle" | "select";
  options?: readonly { label: string; value: string }[];
  /** Whether a value that is there says nothing all the same, such as text of comments alone: then it counts as unset. */
  saysNothing?(value: unknown): boolean;
  /** Reads a value that is set. After a refusal the result is not used. */
  read(value: unknown, refuse: Refuse): T;
}

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
      isUnset(value) || kind.saysNothing?.(value) ? fallback : kind.read(value, refuseIn(context, value)),
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

/** Forms send an empty text for a field that was cleared, other clients null. */
export function isUnset(value: unknown): value is undefined | null | "" {
  return value === undefined || value === null || (typeof value === "string" && value.trim() === "");
}

function refuseIn(context: z.RefinementCtx<unknown>, value: unknown): Refuse {
  return (expected, { found = describeFound(value), at = [] } = {}) => {
    context.addIssue({ code: "custom", message: expected, path: [...at], params: { found } });
  };
}

/** A value in words short enough for a message. */
export function describeFound(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) {
    const keys = Object.keys(value);
    return keys.length === 0 ? "an empty object" : `an object with ${keys.slice(0, 5).join(", ")}`;
  }
  return String(value);
}
