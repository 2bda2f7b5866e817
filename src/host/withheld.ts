import path from "node:path";
import type { Pod } from "../cluster/cluster.ts";
import { isWithin } from "../lib/is-within.ts";
import type { Container, EnvVariable, Volume } from "./host.ts";
import { expand } from "./inherit-env.ts";
import { isServerSecret } from "./server-secrets.ts";

type Item = { key: string };

/** What of Paperclip's container stays out of its agents' pods, whatever name or place it has there. */
export interface Withheld {
  variable(variable: EnvVariable): boolean;
  /** Whether a key of a Secret holds one of the server's own secrets. */
  key(secret: string | undefined, key: string): boolean;
  /** The volume as agents may have it; undefined: not at all. */
  volume(volume: Volume): Volume | undefined;
}

/**
 * A secret of the server's is known by its variable's name, by the key of the Secret that it comes from, and by the file
 * that a variable names. The same key, the same value and the same Secret's files stay out under other names, too.
 */
export function withheldFrom(container: Container, pod: Pod): Withheld {
  const env = container.env ?? [];
  const volumes = pod.spec?.volumes ?? [];
  const named = env.filter(({ name }) => isServerSecret(name));
  const values = new Set(named.flatMap(({ value }) => (isTelling(value) ? [value] : [])));
  const keys = new Set(
    named.flatMap(({ valueFrom }) => {
      const reference = valueFrom?.secretKeyRef;
      return reference?.name ? [`${reference.name}/${reference.key}`] : [];
    }),
  );
  const key = (secret: string | undefined, name: string) => isServerKey(name) || keys.has(`${secret}/${name}`);
  const keyVolumes = keyFileVolumes(container, pod);
  for (const volume of volumes.filter(({ name }) => keyVolumes.has(name))) {
    for (const { secret, items } of secretsOf(volume)) for (const one of items ?? []) keys.add(`${secret}/${one.key}`);
  }
  const wholeSecrets = new Set(
    volumes
      .filter(({ name }) => keyVolumes.has(name))
      .flatMap((volume) => secretsOf(volume).flatMap(({ secret, items }) => (items === undefined ? [secret] : []))),
  );
  const brings = ({ secret, items }: SecretFiles) =>
    wholeSecrets.has(secret) ||
    (items === undefined
      ? [...keys].some((one) => one.startsWith(`${secret}/`))
      : items.some((one) => key(secret, one.key)));
  const mounted = (name: string) => (container.volumeMounts ?? []).filter((mount) => mount.name === name);
  const lostFolders = volumes
    .filter((volume) => keyVolumes.has(volume.name) || secretsOf(volume).some(brings))
    .flatMap(({ name }) => mounted(name).map(({ mountPath }) => path.posix.resolve(mountPath)));
  return {
    key,
    variable: ({ name, value, valueFrom }) =>
      isServerSecret(name) ||
      (value !== undefined && values.has(value)) ||
      (value?.startsWith("/") === true && isInOneOf(path.posix.resolve(value), lostFolders)) ||
      (valueFrom?.secretKeyRef !== undefined && key(valueFrom.secretKeyRef.name, valueFrom.secretKeyRef.key)) ||
      (valueFrom?.configMapKeyRef !== undefined && isServerKey(valueFrom.configMapKeyRef.key)),
    volume: (volume) => (keyVolumes.has(volume.name) ? undefined : withoutSecrets(volume, brings)),
  };
}

/** A key is often the variable's name in small letters: `database-url`. */
function isServerKey(key: string): boolean {
  return isServerSecret(key.toUpperCase().replace(/[-.]/g, "_"));
}

/** A short value may be another's by chance, a reference is filled in with what agents do not have. */
function isTelling(value: string | undefined): value is string {
  return value !== undefined && value.length >= 8 && !value.includes("$(") && !value.startsWith("/");
}

interface SecretFiles {
  secret: string;
  /** Absent: all keys. */
  items?: readonly Item[];
}

function secretsOf({ secret, projected }: Volume): SecretFiles[] {
  const parts = [
    { name: secret?.secretName, items: secret?.items },
    ...(projected?.sources ?? []).map((source) => ({ name: source.secret?.name, items: source.secret?.items })),
  ];
  return parts.flatMap(({ name, items }) => (name ? [{ secret: name, ...(items?.length ? { items } : {}) }] : []));
}

function withoutSecrets(volume: Volume, brings: (files: SecretFiles) => boolean): Volume | undefined {
  if (!secretsOf(volume).some(brings)) return volume;
  if (volume.projected === undefined) return undefined;
  const sources = (volume.projected.sources ?? []).filter(
    ({ secret }) =>
      secret?.name === undefined || !secretsOf({ name: "", projected: { sources: [{ secret }] } }).some(brings),
  );
  return sources.length === 0 ? undefined : { ...volume, projected: { ...volume.projected, sources } };
}

/** Files that agents need, as their logins at clouds, and what trusts a server's certificate. */
const agentFiles =
  /^(AWS|GOOGLE|GCP|CLOUDSDK|AZURE|ARM|OCI|GIT|GH|GITHUB|GITLAB|SSH|SSL|CURL|REQUESTS|NODE|NPM|PIP|UV|OPENCODE|ANTHROPIC|OPENAI|GEMINI|VERTEX|DOCKER|KUBE)_/;

/**
 * The volumes that bring a file which a variable of the server's names: any kind for a variable on the list, a Secret's
 * for any other `*_FILE`, as images read all their secrets from such.
 */
function keyFileVolumes(container: Container, pod: Pod): Set<string> {
  const env = container.env ?? [];
  const byName = new Map((pod.spec?.volumes ?? []).map((volume) => [volume.name, volume]));
  const found = env.flatMap((variable) => {
    const file = fileOf(variable, env, pod);
    const own = isServerSecret(variable.name);
    if (file === undefined || !(own || (/_FILE$/.test(variable.name) && !agentFiles.test(variable.name)))) return [];
    const mounts = (container.volumeMounts ?? []).filter(({ mountPath }) =>
      isWithin(file, path.posix.resolve(mountPath)),
    );
    return mounts.map(({ name }) => name).filter((name) => (own ? isInherited : holdsSecrets)(byName.get(name)));
  });
  return new Set(found);
}

function fileOf({ value }: EnvVariable, env: readonly EnvVariable[], pod: Pod): string | undefined {
  const file = value === undefined ? undefined : expand(value, env, pod).replace(/^file:\/\//, "");
  return file?.startsWith("/") ? path.posix.resolve(file) : undefined;
}

/** Of other kinds agents get nothing, and the shared claim, which may hold such a file, is not left out for it. */
function isInherited(volume: Volume | undefined): boolean {
  return (volume?.configMap ?? volume?.secret ?? volume?.csi ?? volume?.projected) !== undefined;
}

function holdsSecrets(volume: Volume | undefined): boolean {
  return volume !== undefined && (volume.csi !== undefined || secretsOf(volume).length > 0);
}

function isInOneOf(file: string, folders: readonly string[]): boolean {
  return folders.some((folder) => isWithin(file, folder));
}
