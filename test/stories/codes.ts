import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FailureCode } from "../../src/failure/failure.ts";

/** Codes that no story of a whole run ends with, and why not. */
export const notInStories: Partial<Record<FailureCode, string>> = {
  k8s_prompt_too_large: "a prompt over 16 MiB costs seconds of CPU; src/prompt/deliver-prompt.test.ts has the limit",
  k8s_outcome_unknown:
    "takes a cluster that shows a pod as ended and never its container's status; src/run has the verdict's test",
  workspace_validation_failed: "src/run/read-request.test.ts has each reason; nothing is created",
  k8s_adapter_error: "a bug of the adapter: src/adapter.test.ts has one",
  k8s_run_detached: "Paperclip's own lease: test/paperclip restarts the real server",
  opencode_session_unavailable: "the run tries once more with a fresh session, which then has its own end",
};

const root = fileURLToPath(new URL("..", import.meta.url));
const folders = ["stories", "embedded-stories"];

/** This list, and the findings of "Run test", which have codes of their own. */
const notOfRuns: ReadonlySet<string> = new Set(["codes.ts", "preflight.test.ts"]);

/** Every code that a story expects as the end of a run, read from the stories' own text. */
export function codesInStories(): Set<string> {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".ts") && !notOfRuns.has(name))
      .map((name) => join(root, folder, name)),
  );
  const expected = /(?:code|errorCode)(?:: | = |\)\.toBe\()"([a-z0-9_]+)"/g;
  return new Set(
    files.flatMap((file) => [...readFileSync(file, "utf8").matchAll(expected)].map(([, code = ""]) => code)),
  );
}
