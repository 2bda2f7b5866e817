import { present } from "../lib/present.ts";
import { withoutLogin } from "../lib/without-login.ts";
import { type Diagnosis, diagnose } from "../opencode/diagnosis.ts";
import { parseModelId } from "../opencode/model-id.ts";
import type { Transcript } from "../opencode/transcript.ts";
import type { Ending } from "../supervise/ending.ts";
import type { Supervised } from "../supervise/supervise.ts";
import type { Attempt, Attempted, FreshSessionReason } from "./attempt.ts";
import { readAutomaticRetry } from "./automatic-retry.ts";
import type { Deps } from "./deps.ts";
import type { RunRequest } from "./read-request.ts";

export interface AttemptOutput {
  supervised: Supervised;
  transcript: Transcript;
  lastLines: readonly string[];
  stderrTail: readonly string[];
  deps: Deps;
}

/** What one attempt came to: why it failed, if it did, and what the next run can go on with. */
export async function summarizeAttempt(
  request: RunRequest,
  attempt: Attempt,
  { supervised, transcript, lastLines, stderrTail, deps }: AttemptOutput,
): Promise<Omit<Attempted, "leftUnheard">> {
  const { ending } = supervised;
  const { settings } = request;
  const diagnosis = diagnosisOf(ending, { transcript, stderrTail, lastLines });
  const again = attempt.number === 0 ? againFor(diagnosis, { attempt, transcript }) : undefined;
  const overflow = diagnosis?.kind === "context-overflow";
  const provider = parseModelId(settings.model)?.provider ?? null;
  return {
    ending,
    diagnosis,
    again,
    facts: {
      transcript,
      lastLines,
      model: settings.model,
      provider,
      biller: await inferBiller(settings.env, provider, deps),
      sessionParams: overflow ? null : sessionParams(request, attempt, { ending, transcript }),
      clearSession: overflow,
      timeoutSec: settings.timeoutSec,
      inactivityTimeoutSec: settings.inactivityTimeoutSec,
      ranBefore: attempt.number > 0,
      automaticRetry: readAutomaticRetry(request.execution.context),
    },
  };
}

function diagnosisOf(
  ending: Ending,
  { transcript, stderrTail, lastLines }: Pick<AttemptOutput, "transcript" | "stderrTail" | "lastLines">,
): Diagnosis | undefined {
  if (ending.kind === "timeout" || ending.kind === "inactive") {
    // OpenCode tries a provider again and again without an event; its log on stderr says so.
    const diagnosis = diagnose({ exitCode: null, transcript, stderrTail: stderrTail.join("\n"), lastLines });
    const isProvider = diagnosis?.kind === "provider-unavailable" || diagnosis?.kind === "provider-quota";
    return isProvider ? diagnosis : undefined;
  }
  if (ending.kind !== "exited") return undefined;
  const diagnosis = diagnose({ exitCode: ending.exitCode, transcript, stderrTail: stderrTail.join("\n"), lastLines });
  // Code 0 without the launcher's end mark: what looks like silence is output that was lost.
  const lost = ending.source === "status" && ending.exitCode === 0 && diagnosis?.kind === "no-answer";
  return lost ? undefined : diagnosis;
}

/** Only where the model has done nothing yet: work is never done twice in one run. */
function againFor(
  diagnosis: Diagnosis | undefined,
  { attempt, transcript }: { attempt: Attempt; transcript: Transcript },
): FreshSessionReason {
  if (transcript.steps > 0 || transcript.toolCalls > 0) return undefined;
  if (diagnosis?.kind === "unknown-session" && attempt.sessionId) return { why: "session" };
  if (diagnosis?.kind === "database-unusable") return { why: "database" };
  return undefined;
}

/** The session can be continued only if its database was kept: the launcher does that before it says that it is done. */
function sessionParams(
  { workspace, cwd, keepsSession, settings, session }: RunRequest,
  attempt: Attempt,
  { ending, transcript }: { ending: Ending; transcript: Transcript },
): Record<string, unknown> | null {
  if (!keepsSession) return null;
  const kept = settings.agentDbMode === "dedicated_pvc" || ending.kind !== "failed";
  const sessionId = kept ? (transcript.sessionId ?? attempt.sessionId) : attempt.sessionId;
  if (!sessionId) return null;
  return {
    ...(session?.sessionId === sessionId ? session : {}),
    sessionId,
    cwd,
    ...present({ ...workspace, repoUrl: shown(workspace.repoUrl) }),
  };
}

/** Without a login, which a repository's address may hold: Paperclip keeps a session's fields in the clear. */
function shown(url: string | undefined): string | undefined {
  return url === undefined ? undefined : withoutLogin(url);
}

async function inferBiller(
  env: Readonly<Record<string, string>>,
  provider: string | null,
  deps: Deps,
): Promise<string | null> {
  const { inferOpenAiCompatibleBiller } = await import("@paperclipai/adapter-utils/billing");
  const known = Object.fromEntries(Object.entries({ ...deps.env, ...env }).filter(([, value]) => value !== undefined));
  return inferOpenAiCompatibleBiller(known as Record<string, string>, null) ?? provider;
}
