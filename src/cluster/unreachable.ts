import { messageOf } from "../lib/message.ts";
import { ApiError } from "./api-error.ts";

/** The network's failure, in the words of the connection that it happened on. */
export function unreachable(server: string, cause: unknown): ApiError {
  return new ApiError(`the Kubernetes API at ${server} cannot be reached: ${messageOf(cause)}`, {
    kind: "unreachable",
    status: 0,
    cause,
  });
}
