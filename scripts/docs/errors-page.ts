import { type FailureRow, failures } from "../../src/failure/failure.ts";
import { code, table } from "./markdown.ts";

/** The codes that people meet first. */
const common: readonly string[] = [
  "k8s_config_invalid",
  "k8s_policy_denied",
  "k8s_not_in_cluster",
  "k8s_permission_denied",
  "k8s_image_pull_failed",
  "k8s_pod_unschedulable",
  "k8s_out_of_memory",
  "opencode_provider_auth",
  "opencode_model_unknown",
  "opencode_failed",
];

/** docs/errors.md: every code with which a run can end. */
export function buildErrorsPage(): string {
  return [
    "<!-- Written by `npm run docs` from src/failure/. Do not edit. -->",
    "# Error codes",
    "",
    "In the order of a run. Codes are stable. `k8s_` is the cluster's, `opencode_` the agent program's; the others are",
    "Paperclip's own words. By what one sees: [troubleshooting.md](troubleshooting.md). What each looks like, from true",
    "runs: [endings.md](endings.md).",
    "",
    errorsTable(failures),
    "",
  ].join("\n");
}

export function commonErrors(): string {
  return errorsTable(common.map(rowOf));
}

function rowOf(wanted: string): FailureRow {
  const found = failures.find((row) => row.code === wanted);
  if (!found) throw new Error(`no failure has the code ${wanted}`);
  return found;
}

function errorsTable(rows: readonly FailureRow[]): string {
  const cells = rows.map((row) => [code(row.code), row.meaning, row.hint, row.family ? "yes" : ""]);
  return table(["Code", "Meaning", "What to do", "Paperclip retries"], cells);
}
