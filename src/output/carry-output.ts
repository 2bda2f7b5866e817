import type { Cluster, Pod } from "../cluster/cluster.ts";
import { refOf } from "../cluster/ref-of.ts";
import { containerName } from "../job/names.ts";
import { LauncherOutput } from "../launcher/launcher-output.ts";
import { followLog } from "../log/follow-log.ts";
import type { ContainerPhase, FollowLimits } from "../log/following.ts";
import { agentState, hasPodEnded } from "../pod/agent-container.ts";
import type { RunLog } from "../run-log/run-log.ts";
import { DeniedGrace } from "./denied-grace.ts";
import { type OutputEnd, type OutputTarget, OutputWriter } from "./output-writer.ts";

export interface OutputDeps {
  cluster: Pick<Cluster, "openLog" | "read">;
  log: RunLog;
  limits: FollowLimits;
  /** Permissions that are refused this long count as taken away; without it at once. */
  deniedMs?: number;
}

/** After the end mark: how long the file is asked for what a resumed stream may have hidden, before the run's end is told. */
const rereadMs = 10_000;

/**
 * Carries a pod's output into the run's log until it is complete, however often the connection breaks. Throws
 * `RunFailure` when the pod or its log may not be read for longer than `deniedMs`, or the signal's reason.
 */
export async function carryOutput(target: OutputTarget, deps: OutputDeps, signal: AbortSignal): Promise<OutputEnd> {
  const ref = refOf(target.pod);
  const output = new LauncherOutput(target.nonce);
  const deniedMs = deps.deniedMs ?? 0;
  const writer = new OutputWriter(target, output, { log: deps.log, denied: new DeniedGrace("log", deniedMs) });
  const rights = new DeniedGrace("state", deniedMs);
  // The caller has just seen the container run: the first stream is opened without asking.
  let known: ContainerPhase | undefined = "running";
  const phase = async (outer: AbortSignal): Promise<ContainerPhase> => {
    const first = known;
    known = undefined;
    if (first) return first;
    const pod = await rights.patiently(() => deps.cluster.read("pods", ref, { signal: outer }));
    return containerPhase(pod, target.pod);
  };
  const followed = {
    pod: ref,
    container: containerName,
    phase,
    concluded: () => output.endedWith !== undefined,
    ...(target.stopWaiting ? { stopWaiting: target.stopWaiting } : {}),
  };
  const reread = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  try {
    const life = AbortSignal.any([signal, reread.signal]);
    for await (const event of followLog(deps.cluster, followed, { signal: life, limits: deps.limits })) {
      const end = await writer.take(event);
      if (end) return end;
      if (output.endedWith !== undefined) timer ??= setTimeout(() => reread.abort(new Error("time is up")), rereadMs);
    }
    throw new Error("a log ended without saying so");
  } catch (error) {
    if (signal.aborted || !reread.signal.aborted) throw error;
    return await writer.unread();
  } finally {
    clearTimeout(timer);
  }
}

function containerPhase(pod: Pod | undefined, expected: Pod): ContainerPhase {
  if (!pod || pod.metadata?.uid !== expected.metadata?.uid) return "gone";
  const state = agentState(pod);
  if (state?.terminated) return "terminated";
  if (state?.running) return "running";
  return hasPodEnded(pod) ? "terminated" : "waiting";
}
