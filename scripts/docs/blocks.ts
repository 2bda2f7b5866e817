import { permissions } from "../../src/cluster/permissions.ts";
import { buildSettingsTable } from "../../src/config/documentation.ts";
import { serverSecrets } from "../../src/host/server-secrets.ts";
import { commonErrors } from "./errors-page.ts";
import { code, table } from "./markdown.ts";

/** Those that most agents set. */
const commonSettings = [
  "model",
  "isolation",
  "image",
  "namespace",
  "resources",
  "env",
  "agentDbMode",
  "nodeSelector",
  "tolerations",
  "podTemplate",
  "timeoutSec",
] as const;

/** What can stand between `<!-- generated:name -->` and `<!-- /generated -->`. A new block is one line here. */
export const blocks: Readonly<Record<string, () => string>> = {
  "common-settings": () => buildSettingsTable(commonSettings),
  "common-errors": commonErrors,
  permissions: permissionsTable,
  "server-secrets": serverSecretsTable,
};

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
