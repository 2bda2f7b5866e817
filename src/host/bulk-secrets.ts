import { isApiError } from "../cluster/api-error.ts";
import type { Cluster, Secret } from "../cluster/cluster.ts";
import type { EnvSource, Host } from "./host.ts";
import { isServerSecret } from "./server-secrets.ts";

/** Whether a key of a Secret holds one of the server's own. */
type IsServerKey = (secret: string | undefined, key: string) => boolean;

/**
 * Which of the server's own secrets come with `envFrom`, by the variables' names: those of whole families are known only
 * from the Secrets' keys, and so are those that a prefix has given another name. A Secret that may not be read is passed over, and so is a ConfigMap, as the Role names none.
 */
export async function readBulkSecrets(
  { namespace, envFrom }: Pick<Host, "namespace" | "envFrom">,
  { cluster, isServerKey, signal }: { cluster: Pick<Cluster, "read">; isServerKey: IsServerKey; signal: AbortSignal },
): Promise<string[]> {
  const named = envFrom.filter(({ secretRef }) => secretRef?.name);
  const names = await Promise.all(
    named.map(async (source) =>
      variablesOf(source, await readSecret(source, { namespace, cluster, signal }), isServerKey),
    ),
  );
  return [...new Set(names.flat())];
}

interface Reading {
  namespace: string;
  cluster: Pick<Cluster, "read">;
  signal: AbortSignal;
}

async function readSecret(
  { secretRef }: EnvSource,
  { namespace, cluster, signal }: Reading,
): Promise<Secret | undefined> {
  try {
    return await cluster.read("secrets", { namespace, name: secretRef?.name ?? "" }, { signal });
  } catch (error) {
    if (isApiError(error, "denied")) return undefined;
    throw error;
  }
}

function variablesOf(
  { prefix = "", secretRef }: EnvSource,
  secret: Secret | undefined,
  isServerKey: IsServerKey,
): string[] {
  return Object.keys(secret?.data ?? {}).flatMap((key) => {
    const variable = `${prefix}${key}`;
    return isServerSecret(variable) || isServerKey(secretRef?.name, key) ? [variable] : [];
  });
}
