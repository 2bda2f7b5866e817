import { isApiError } from "../cluster/api-error.ts";
import type { Pod } from "../cluster/cluster.ts";
import { refOf } from "../cluster/ref-of.ts";
import { Grace } from "../lib/grace.ts";
import { explainWait } from "./explain-wait.ts";
import type { PodFailure, PodVerdict } from "./pod-verdict.ts";
import { permitted, type StartWait, sayWaitsFor } from "./start-wait.ts";
import { stateVerdict } from "./state-verdict.ts";

/** A pod that does not run yet: for a node, a volume, an image, or because of a failure that may pass. */
export class WaitingPod {
  readonly #wait: StartWait;
  readonly #suspicion: Grace;

  constructor(wait: StartWait) {
    this.#wait = wait;
    this.#suspicion = new Grace(wait.limits.suspectMs);
  }

  /** Resolves to the failure of a pod that will not start, or has not in time. */
  async look(
    pod: Pod,
    verdict: Extract<PodVerdict, { kind: "waiting" }>,
    signal: AbortSignal,
  ): Promise<PodFailure | undefined> {
    const { cluster, deadline, waits } = this.#wait;
    if (!verdict.suspect) this.#suspicion.noteSuccess();
    else if (this.#suspicion.noteRefusal()) {
      const failure = await this.#confirmed(pod, signal);
      if (failure) return failure;
    }
    if (!waits.isDue && !deadline.isOver) return undefined;
    const explained = await explainWait(cluster, { pod, why: verdict.why }, signal);
    // Without an answer the pod may long have started: no limit counts against what cannot be seen.
    if (!explained) return undefined;
    await sayWaitsFor(explained.why, this.#wait);
    return deadline.failure(explained.why, explained.code);
  }

  /** What is known of the pod may be old, while the API is away: the suspicion must stand in what it answers now. */
  async #confirmed(pod: Pod, signal: AbortSignal): Promise<PodFailure | undefined> {
    const { cluster, view } = this.#wait;
    try {
      const now = await permitted(cluster.read("pods", refOf(pod), { signal }), pod);
      const same = now?.metadata?.uid === pod.metadata?.uid;
      const verdict = same ? stateVerdict({ kind: "present", pod: now ?? pod }) : undefined;
      if (verdict?.kind === "waiting" && verdict.suspect) return verdict.suspect;
      await view.refresh(signal);
      return undefined;
    } catch (error) {
      if (signal.aborted || !isApiError(error)) throw error;
      return undefined;
    }
  }
}
