import * as z from "zod";
import type { Group, Setting } from "./field.ts";
import { coreSettings } from "./settings-core.ts";
import { kubernetesSettings } from "./settings-kubernetes.ts";
import { operationalSettings } from "./settings-operational.ts";

const table = { ...coreSettings, ...kubernetesSettings, ...operationalSettings };

type Table = typeof table;
type Value<K extends keyof Table> = z.output<Table[K]["schema"]>;
type OptionalKey = { [K in keyof Table]: undefined extends Value<K> ? K : never }[keyof Table];

/** An agent's settings, complete: what has a default has a value. What is absent was not set. */
export type Settings = { readonly [K in Exclude<keyof Table, OptionalKey>]: Value<K> } & {
  readonly [K in OptionalKey]?: Exclude<Value<K>, undefined>;
};

export type SettingKey = keyof Table;

/** Every setting, in the order in which forms and documents show them. */
export const settings: readonly (Setting<unknown> & { key: SettingKey })[] = [
  ...listed("Core", coreSettings),
  ...listed("Kubernetes", kubernetesSettings),
  ...listed("Operational", operationalSettings),
];

/** All of them as one schema; unknown keys are dropped, since Paperclip keeps its own in the same object. */
export const settingsSchema = z.object(schemasOf(table));

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(table, key);
}

export type Complete = z.output<typeof settingsSchema>;

function schemasOf<T extends Record<string, { schema: z.ZodType }>>(part: T) {
  return Object.fromEntries(Object.entries(part).map(([key, { schema }]) => [key, schema])) as {
    [K in keyof T]: T[K]["schema"];
  };
}

function listed(
  group: Group,
  part: Readonly<Record<string, Omit<Setting<unknown>, "group">>>,
): (Setting<unknown> & { key: SettingKey })[] {
  return Object.entries(part).map(([key, setting]) => ({ ...setting, key: key as SettingKey, group }));
}
