import { ApiError, isApiError } from "../cluster/api-error.ts";
import { Grace } from "../lib/grace.ts";

/** A webhook's pod that is replaced is back within this time; one that stays away needs somebody. */
const graceMs = 60_000;

/**
 * The API server answers 500 when an admission webhook cannot be asked, which looks like a transient error (API:
 * "failed calling webhook"). Made for one object: after the grace that answer becomes a refusal.
 */
export function createWebhookGrace(limitMs = graceMs) {
  const grace = new Grace(limitMs);
  return {
    async call<T>(create: () => Promise<T>): Promise<T> {
      try {
        return await create();
      } catch (error) {
        if (!isApiError(error) || !/failed calling webhook/i.test(error.message)) throw error;
        if (!grace.noteRefusal()) throw error;
        throw new ApiError(error.message, { kind: "refused", status: error.status, cause: error });
      }
    },
  };
}
