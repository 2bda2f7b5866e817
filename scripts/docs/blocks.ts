import { permissions } from "../../src/cluster/permissions.ts";
import { buildSettingsTables } from "../../src/config/documentation.ts";
import { type FailureRow, failures } from "../../src/failure/failure.ts";
import { serverSecrets } from "../../src/host/server-secrets.ts";
import { code, table } from "./markdown.ts";

/** What can stand between `<!-- generated:name -->` and `<!-- /generated -->`. A new block is one line here. */
export const blocks: Readonly<Record<string, () => string>> = {
  settings: buildSettingsTables,
  errors: errorsTable,
  permissions: permissionsTable,
  "server-secrets": serverSecretsTable,
};

function errorsTable(): string {
  const rows = failures.map((row: FailureRow) => [code(row.code), row.meaning, row.hint, row.family ? "yes" : ""]);
  return table(["Code", "Meaning", "What to do", "Paperclip retries"], rows);
}

function serverSecretsTable(): string {
  return table(
    ["Variable", "It"],
    serverSecrets.map(({ name, why }) => [code(name), why]),
  );
}

function permissionsTable(): string {
  const rows = permissions.map(({ group, resource, verbs, why }) => [
    group === "" ? "core" : code(group),
    code(resource),
    verbs.map((verb) => code(verb)).join(", "),
    why,
  ]);
  return table(["API group", "Resource", "Verbs", "Why"], rows);
}
