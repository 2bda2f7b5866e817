import { type FailureRow, failures } from "../../src/failure/failure.ts";
import { recoveryOf } from "../../src/run/recovery.ts";
import { code, table } from "./markdown.ts";

/** docs/parity.md: every ending, and what Paperclip does next. */
export function buildParityPage(): string {
  return [
    "<!-- Written by `npm run docs` from src/run/recovery.ts and src/failure/. Do not edit. -->",
    "# What Paperclip does after a run",
    "",
    "Paperclip 2026.916.1, for a task that is assigned to the agent and not done. Each kind of answer below was seen on a",
    "real server (`test/paperclip/cases/recovery.ts`, and an adapter made for the purpose); that every code gets the fields",
    "of its kind is a unit test. The last column is what the server's and the local adapter's code says. A retry by itself",
    "comes at most twice in a row; a corrected setting counts from the next run on.",
    "",
    table(["Ending", "A retry by itself", "A comment", "A changed status", "Paperclip's `opencode_local`"], rows()),
    "",
    "*proved*: the result says that the agent has not acted, because its container never ran; `k8s_connection_failed`,",
    "`k8s_permission_denied` and `k8s_adapter_error` say so where no Job was started yet.",
    "",
    "The same without a task (a heartbeat, the page's button): a retry by itself only where the table says *family*.",
    "",
    "| Restart of Paperclip | This adapter | With `OPENCODE_K8S_RESTART_RECOVERY=continue` | `opencode_local` |",
    "|---|---|---|---|",
    "| its pod is replaced (TERM) | the Job goes on; the task is blocked until a board user resolves it | the Job goes on; a comment starts a run | the process ends; tried again |",
    '| its process is killed | the same, after some five minutes of "running" | the same, after some five minutes | the process may end; tried again after some five minutes |',
    "",
  ].join("\n");
}

function rows(): string[][] {
  return [
    ["success", "none", "starts a run", "starts a run", "the same"],
    ["`cancelled`, confirmed", "none", "starts a run", "starts a run", "the same"],
    [
      "`cancelled`, not confirmed: the Stop button says so",
      "none",
      "starts a run, which waits until the pod is gone",
      "starts a run",
      "held until a board user resolves it",
    ],
    ...failures.filter((row) => row.code !== "cancelled").map(rowOf),
  ];
}

function rowOf(row: FailureRow & (typeof failures)[number]): string[] {
  const end = { kind: "failed", code: row.code, jobStarted: true, ranBefore: false } as const;
  const proved = recoveryOf(end).executionRecovery ? ", *proved*" : "";
  if (row.code === "workspace_validation_failed") {
    return [
      `${code(row.code)}${proved}`,
      "none; the task is blocked with Paperclip's notice",
      "starts a run",
      "starts a run",
      "the same",
    ];
  }
  return [
    `${code(row.code)}${proved}`,
    retry(row),
    "starts a run at once, in place of the retry",
    "starts a run",
    local(row),
  ];
}

function retry({ code: of, family }: FailureRow): string {
  if (family === "provider_quota") return "after 30 s, or when the provider said, *family*; the agent stays idle";
  // Paperclip passes over the family of a run that is timed out.
  return family && of !== "timeout" ? "after 30 s, *family*" : "after 30 s";
}

function local({ family }: FailureRow): string {
  return family === "provider_quota" ? "after 30 s, whatever the provider said" : "the same, where it can happen";
}
