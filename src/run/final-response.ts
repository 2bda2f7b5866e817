import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { headOfBytes, tailOfBytes } from "../lib/cut-text.ts";

/**
 * Paperclip 2026.916.1 reads a result's own fields only up to 64 KiB of `resultJson`, in which it also puts the summary:
 * so many bytes of each are given to it.
 */
const longest = 24 * 1024;

/** What Paperclip posts on the task's page as the agent's comment, unless the agent has written one itself. */
export interface FinalResponse {
  disposition: "final";
  text: string;
}

/** The agent's answer; undefined if it ended without one. */
export function answerOf(text: string | undefined): FinalResponse | undefined {
  if (!text?.trim()) return undefined;
  const notice = "\n\n[The answer is longer than can be shown here; all of it stands in the run's log.]";
  return { disposition: "final", text: cut(text, notice) };
}

/**
 * Why a run failed, for those who read the task and not the run. Of the runs that Paperclip starts by itself after a
 * failure the last one tells it again, the one between does not.
 */
export function failureNotice(
  { errorCode, errorMessage }: Pick<AdapterExecutionResult, "errorCode" | "errorMessage">,
  automaticRetry: number,
): FinalResponse | undefined {
  if (!errorCode || errorCode === "cancelled" || automaticRetry === 1) return undefined;
  return { disposition: "final", text: cut(`${errorCode}: ${errorMessage}`, " […]") };
}

/** The end of what the agent wrote. */
export function summaryOf(text: string): string | null {
  const notice = "[earlier text of this run is left out]\n\n";
  const kept = tailOfBytes(text, longest - notice.length);
  return kept === "" ? null : kept.length < text.length ? notice + kept : kept;
}

function cut(text: string, notice: string): string {
  const kept = headOfBytes(text, longest - notice.length);
  return kept.length < text.length ? kept + notice : text;
}
