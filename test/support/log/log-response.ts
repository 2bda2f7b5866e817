import type { ApiError } from "../../../src/cluster/api-error.ts";
import type { LogResponse } from "../../../src/cluster/cluster.ts";

/** The log that was answered; throws the refusal if there is none. */
export function bodyOf(response: LogResponse): AsyncIterable<Uint8Array> {
  if ("refused" in response) throw response.refused;
  return response.body;
}

/** The refusal that was answered; throws if there is none. */
export function refusalOf(response: LogResponse): ApiError {
  if ("body" in response) throw new Error("the log was not refused");
  return response.refused;
}
