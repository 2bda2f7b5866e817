import { expect, test } from "vitest";
import type { Cluster } from "../cluster/cluster.ts";
import { readBulkSecrets } from "./bulk-secrets.ts";

test("a prefix or another name hides none of the server's own secrets", async () => {
  const data = { DATABASE_URL: "", "db-pass": "", ANTHROPIC_API_KEY: "" };
  const cluster = { read: (async () => ({ data })) as Cluster["read"] };
  const host = { namespace: "n", envFrom: [{ prefix: "X_", secretRef: { name: "s" } }] };
  const isServerKey = (_: string | undefined, key: string) => ["DATABASE_URL", "db-pass"].includes(key);
  const found = await readBulkSecrets(host, { cluster, isServerKey, signal: new AbortController().signal });
  expect(found).toEqual(["X_DATABASE_URL", "X_db-pass"]);
});
