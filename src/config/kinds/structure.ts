import type * as z from "zod";
import { parseYaml } from "../formats/text.ts";
import { withoutHeading } from "./key-values.ts";
import { describeFound, type Refuse } from "./kind.ts";

/** Reads a value that may come as YAML or JSON text, and names each part of it that the schema refuses. */
export function readStructure<T>(
  value: unknown,
  { schema, name, refuse }: { schema: z.ZodType<T>; name: string; refuse: Refuse },
): T | undefined {
  let structure = value;
  if (typeof value === "string") {
    const parsed = parseYaml(value);
    if (!parsed.ok) {
      refuse(`YAML or JSON that can be read (${parsed.reason})`);
      return undefined;
    }
    structure = withoutHeading(parsed.value, name);
  }
  const result = schema.safeParse(structure);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const unknownKeys = issue.code === "unrecognized_keys" ? issue.keys.join(", ") : undefined;
    refuse(unknownKeys === undefined ? issue.message : "only fields that Kubernetes knows here", {
      at: issue.path,
      found: unknownKeys ?? describeFound(valueAt(structure, issue.path)),
    });
  }
  return undefined;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    root,
  );
}
