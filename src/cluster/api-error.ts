/**
 * What went wrong with a request, in the words of the decision it leads to.
 *
 * - `missing` 404 in the API's own words, `denied` 403, `unauthorized` 401, `conflict` 409 (changed under us), `exists`
 *   409 AlreadyExists, `invalid` 400/422, `gone` 410, `throttled` 429
 * - `unavailable`: 5xx, or a 404 from what stands in the API's place
 * - `unreachable`: no answer came; a change that was asked for may have been made all the same
 * - `misconfigured`: nobody can be asked until somebody changes an address, a certificate or the credentials
 * - `refused`: any other status
 */
export type ApiErrorKind =
  | "missing"
  | "denied"
  | "unauthorized"
  | "conflict"
  | "exists"
  | "invalid"
  | "gone"
  | "throttled"
  | "unavailable"
  | "unreachable"
  | "misconfigured"
  | "refused";

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly kind: ApiErrorKind;
  /** HTTP status, 0 when no answer came. */
  readonly status: number;
  /** The server's own reason, such as "AlreadyExists" or "Forbidden". */
  readonly reason: string | undefined;
  /** How long the server asks to wait: bounded and spread, ready to be slept. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    facts: { kind: ApiErrorKind; status: number; reason?: string; retryAfterMs?: number; cause?: unknown },
  ) {
    super(message, { cause: facts.cause });
    this.kind = facts.kind;
    this.status = facts.status;
    this.reason = facts.reason;
    this.retryAfterMs = facts.retryAfterMs;
  }

  /** Whether the same request may succeed later without anybody changing anything. */
  get transient(): boolean {
    return this.kind === "unreachable" || this.kind === "unavailable" || this.kind === "throttled";
  }
}

export function isApiError(error: unknown, ...kinds: ApiErrorKind[]): error is ApiError {
  return error instanceof ApiError && (kinds.length === 0 || kinds.includes(error.kind));
}

/** An error after which the same request may succeed, without anybody changing anything. */
export function isTransient(error: unknown): error is ApiError {
  return isApiError(error) && error.transient;
}

/** For `.catch()` of a call that a Role may not allow: a refusal is no answer, anything else is thrown. */
export function unlessDenied(error: unknown): undefined {
  if (!isApiError(error, "denied")) throw error;
}
