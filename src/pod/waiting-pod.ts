import { isApiError } from "../cluster/api-error.ts";
import type { Pod } from "../cluster/cluster.ts";
import { refOf } from "../cluster/ref-of.ts";
import { Grace } from "../lib/grace.ts";
import { explainWait } from "./explain-wait.ts";
import type { PodFailure, PodVerdict, Suspect } from "./pod-verdict.ts";
import { permitted, type StartWait, sayWaitsFor } from "./start-wait.ts";
import { stateVerdict } from "./state-verdict.ts";

/** A pod that does not run yet: for a node, a volume, an image, or because of a failure that may pass. */
export class WaitingPod {
  readonly #wait: StartWait;
  readonly #graces: Readonly<Record<Suspect["patience"], Grace>>;
  /** The last words that said why, for a kubelet that later says only that it waits before the next try. */
  #known: Suspect | undefined;

  constructor(wait: StartWait) {
    this.#wait = wait;
    this.#graces = { soon: new Grace(wait.limits.suspectMs), long: new Grace(wait.limits.pullMs) };
  }

  /** Resolves to the failure of a pod that will not start, or has not in time. */
  async look(
    pod: Pod,
    verdict: Extract<PodVerdict, { kind: "waiting" }>,
    signal: AbortSignal,
  ): Promise<PodFailure | undefined> {
    const { cluster, deadline, waits } = this.#wait;
    if (this.#hasLasted(verdict.suspect)) {
      const failure = await this.#confirmed(pod, signal);
      if (failure) return failure;
    }
    if (!waits.isDueFor(verdict.why) && !deadline.isOver) return undefined;
    const explained = await explainWait(cluster, { pod, why: verdict.why }, signal);
    // Without an answer the pod may long have started: no limit counts against what cannot be seen.
    if (!explained) return undefined;
    await sayWaitsFor(explained.why, this.#wait);
    return deadline.failure(explained.why, explained.code);
  }

  #hasLasted(suspect: Suspect | undefined): boolean {
    if (!suspect) {
      this.#known = undefined;
      for (const grace of Object.values(this.#graces)) grace.noteSuccess();
      return false;
    }
    if (!suspect.isBackOff || !this.#known) this.#known = suspect;
    return this.#graces[this.#known.patience].noteRefusal();
  }

  /** What is known of the pod may be old, while the API is away: the suspicion must stand in what it answers now. */
  async #confirmed(pod: Pod, signal: AbortSignal): Promise<PodFailure | undefined> {
    const { cluster, view } = this.#wait;
    try {
      const now = await permitted(cluster.read("pods", refOf(pod), { signal }), pod);
      const same = now?.metadata?.uid === pod.metadata?.uid;
      const verdict = same ? stateVerdict({ kind: "present", pod: now ?? pod }) : undefined;
      if (verdict?.kind === "waiting" && verdict.suspect) return failureOf(verdict.suspect, this.#known);
      await view.refresh(signal);
      return undefined;
    } catch (error) {
      if (signal.aborted || !isApiError(error)) throw error;
      return undefined;
    }
  }
}

/** A plain back-off is told by what was said before it. */
function failureOf(now: Suspect, known: Suspect | undefined): PodFailure {
  const { code, message } = now.isBackOff && known ? known : now;
  return { code, message };
}
