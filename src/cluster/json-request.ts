import { backoffMs } from "../lib/backoff.ts";
import { type Bounded, bounded } from "../lib/bounded.ts";
import { sleep } from "../lib/sleep.ts";
import { type ApiError, isApiError } from "./api-error.ts";
import { isJson, readImpostor, readRefusal } from "./refusal.ts";
import type { HttpRequest, HttpResponse, Transport } from "./transport.ts";
import { unreachable } from "./unreachable.ts";

/** Bound of one call with all its tries, unless the caller gives another. */
export const defaultTimeoutMs = 30_000;

/** Bound of one try: a connection that swallows a request must not use up the whole call. */
const tryTimeoutMs = 10_000;
/** So often in one call credentials that are refused, or that do not fit the server, are read anew. */
const mostRenewals = 2;
const backoff = { firstMs: 200, maxMs: 3_000 };

export type JsonRequest = Omit<HttpRequest, "signal" | "stream"> & {
  signal: AbortSignal;
  timeoutMs?: number | undefined;
};

/**
 * Sends one call and reads its JSON answer. What may pass (no answer, 429, 5xx, a conflict of a change) is tried again
 * within the call's bound, after `Retry-After` where the server names one; a 401 twice more with credentials read anew,
 * and so is what a new certificate may have mended meanwhile.
 *
 * All our calls may be repeated: names are our own, so a repeated create answers "exists".
 * Throws `ApiError`, or the signal's reason.
 */
export async function requestJson<T>(transport: Transport, request: JsonRequest): Promise<T> {
  const bound = bounded(request.signal, request.timeoutMs ?? defaultTimeoutMs);
  let renewals = 0;
  try {
    for (let attempt = 0; ; attempt++) {
      const outcome = await settle(tryOnce<T>(transport, request, bound.signal));
      if (outcome.kind === "answer") return outcome.value;
      const { error } = outcome;
      if (request.signal.aborted) throw request.signal.reason;
      if (bound.timeUp() || !isApiError(error)) throw isApiError(error) ? error : unreachable(transport.server, error);
      if (isApiError(error, "unauthorized", "misconfigured") && renewals < mostRenewals) {
        // The new token may still be on its way to the file.
        await pause(bound, backoff.firstMs * renewals++, error);
        await transport.renew();
      } else if (isRetryable(error, request.method)) {
        await pause(bound, Math.max(error.retryAfterMs ?? 0, backoffMs(attempt, backoff)), error);
      } else throw error;
    }
  } finally {
    bound.done();
  }
}

/**
 * Our patches name no version: one that met another change is simply made again. A create meets a conflict when another
 * changed the namespace's ResourceQuota at the same time (kubernetes#67761); a name that is taken is `exists`.
 */
function isRetryable(error: ApiError, method: string): boolean {
  return error.transient || (error.kind === "conflict" && (method === "PATCH" || method === "POST"));
}

type Outcome<T> = { kind: "answer"; value: T } | { kind: "failure"; error: unknown };

function settle<T>(promise: Promise<T>): Promise<Outcome<T>> {
  return promise.then(
    (value) => ({ kind: "answer", value }),
    (error: unknown) => ({ kind: "failure", error }),
  );
}

async function pause(bound: Bounded, ms: number, why: ApiError): Promise<void> {
  try {
    await sleep(ms, bound.signal);
  } catch (reason) {
    throw bound.timeUp() ? why : reason;
  }
}

async function tryOnce<T>(transport: Transport, request: JsonRequest, signal: AbortSignal): Promise<T> {
  const bound = bounded(signal, tryTimeoutMs);
  try {
    const response = await transport.send({ ...request, signal: bound.signal });
    return (await readJson(transport.server, response)) as T;
  } catch (error) {
    if (bound.timeUp()) throw unreachable(transport.server, bound.signal.reason);
    throw error;
  } finally {
    bound.done();
  }
}

async function readJson(server: string, response: HttpResponse): Promise<unknown> {
  try {
    if (response.status >= 300) throw await readRefusal(response);
    if (!isJson(response)) throw await readImpostor(response);
    return JSON.parse(await response.body.text());
  } catch (error) {
    throw isApiError(error) ? error : unreachable(server, error);
  }
}
