import { ApiError, isApiError } from "../cluster/api-error.ts";

/** A webhook's pod that is replaced is back within this time; one that stays away needs somebody. */
const patienceMs = 60_000;

/**
 * An admission webhook that cannot be asked is an error 500 of the API server's, which looks like one that passes
 * (API: "failed calling webhook"). Made for one object; after a minute the refusal is one that stays.
 */
export function createWebhookPatience(limitMs = patienceMs) {
  let sinceMs: number | undefined;
  return {
    async call<T>(create: () => Promise<T>): Promise<T> {
      try {
        return await create();
      } catch (error) {
        if (!isApiError(error) || !/failed calling webhook/i.test(error.message)) throw error;
        sinceMs ??= Date.now();
        if (Date.now() - sinceMs < limitMs) throw error;
        throw new ApiError(error.message, { kind: "refused", status: error.status, cause: error });
      }
    },
  };
}
