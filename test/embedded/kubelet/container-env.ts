import { configKeyFaults } from "../api-server/name-rules.ts";
import type { ConfigMapObject, Container, PodObject, SecretObject } from "../api-server/objects.ts";
import { expand } from "./expand.ts";

type EnvVar = NonNullable<Container["env"]>[number];
type EnvFrom = NonNullable<Container["envFrom"]>[number];

/** What keeps a container from being created, in kubelet's words. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** The cluster's side of an environment. */
export interface EnvSources {
  secret(name: string): SecretObject | undefined;
  configMap(name: string): ConfigMapObject | undefined;
  /** Variables of the cluster's Services, which `$(NAME)` may name. */
  services: Readonly<Record<string, string>>;
}

/** A container's declared environment, with references resolved and `$(NAME)` expanded in order of declaration. */
export function resolveEnv(container: Container, pod: PodObject, sources: EnvSources): Record<string, string> {
  const env: Record<string, string> = {};
  for (const source of container.envFrom ?? []) Object.assign(env, envFromSource(source, sources));
  for (const variable of container.env ?? []) {
    const value = envValue(variable, { pod, sources, env });
    if (value !== undefined) env[variable.name] = value;
  }
  return env;
}

interface Context {
  pod: PodObject;
  sources: EnvSources;
  env: Readonly<Record<string, string>>;
}

function envValue({ value, valueFrom }: EnvVar, { pod, sources, env }: Context): string | undefined {
  if (!valueFrom) return expand(value ?? "", (name) => env[name] ?? sources.services[name]);
  if (valueFrom.secretKeyRef) return secretValue(valueFrom.secretKeyRef, pod, sources);
  if (valueFrom.configMapKeyRef) return configMapValue(valueFrom.configMapKeyRef, pod, sources);
  if (valueFrom.fieldRef) return fieldValue(valueFrom.fieldRef.fieldPath, pod);
  return "0";
}

interface KeyRef {
  name?: string;
  key: string;
  optional?: boolean;
}

function secretValue({ name = "", key, optional }: KeyRef, pod: PodObject, sources: EnvSources): string | undefined {
  const secret = sources.secret(name);
  const value = secret?.data?.[key];
  if (value !== undefined) return Buffer.from(value, "base64").toString("utf8");
  if (optional) return undefined;
  throw new ConfigError(
    secret ? `couldn't find key ${key} in Secret ${pod.metadata.namespace}/${name}` : `secret "${name}" not found`,
  );
}

function configMapValue({ name = "", key, optional }: KeyRef, pod: PodObject, sources: EnvSources): string | undefined {
  const map = sources.configMap(name);
  const value = map?.data?.[key];
  if (value !== undefined || optional) return value;
  throw new ConfigError(
    map ? `couldn't find key ${key} in ConfigMap ${pod.metadata.namespace}/${name}` : `configmap "${name}" not found`,
  );
}

function envFromSource({ prefix = "", secretRef, configMapRef }: EnvFrom, sources: EnvSources): Record<string, string> {
  const values = secretRef ? secretValues(secretRef, sources) : configMapValues(configMapRef ?? {}, sources);
  const named = Object.entries(values).filter(([key]) => configKeyFaults(key).length === 0);
  return Object.fromEntries(named.map(([key, value]) => [`${prefix}${key}`, value]));
}

function secretValues({ name = "", optional }: { name?: string; optional?: boolean }, sources: EnvSources) {
  const secret = sources.secret(name);
  if (!secret && !optional) throw new ConfigError(`secret "${name}" not found`);
  const decoded = Object.entries(secret?.data ?? {}).map(([key, value]) => [
    key,
    Buffer.from(value, "base64").toString("utf8"),
  ]);
  return Object.fromEntries(decoded) as Record<string, string>;
}

function configMapValues({ name = "", optional }: { name?: string; optional?: boolean }, sources: EnvSources) {
  const map = sources.configMap(name);
  if (!map && !optional) throw new ConfigError(`configmap "${name}" not found`);
  return map?.data ?? {};
}

/** The downward API's fields (API: EnvVarSource.fieldRef). */
export function fieldValue(path: string, pod: PodObject): string {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed) return pod.metadata[keyed[1] === "labels" ? "labels" : "annotations"]?.[keyed[2] ?? ""] ?? "";
  const fields: Record<string, string | undefined> = {
    "metadata.name": pod.metadata.name,
    "metadata.namespace": pod.metadata.namespace,
    "metadata.uid": pod.metadata.uid,
    "spec.nodeName": pod.spec.nodeName,
    "spec.serviceAccountName": pod.spec.serviceAccountName,
    "status.hostIP": "127.0.0.1",
    "status.podIP": "127.0.0.1",
    "status.podIPs": "127.0.0.1",
  };
  return fields[path] ?? "";
}
