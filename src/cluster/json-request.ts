import { backoffMs } from "../lib/backoff.ts";
import { type Bounded, bounded } from "../lib/bounded.ts";
import { sleep } from "../lib/sleep.ts";
import { ApiError, type ApiErrorKind, isApiError } from "./api-error.ts";
import type { HttpRequest, HttpResponse, Transport } from "./transport.ts";
import { unreachable } from "./unreachable.ts";

/** Bound of one call with all its tries, unless the caller gives another. */
export const defaultTimeoutMs = 30_000;

/** Bound of one try: a connection that swallows a request must not use up the whole call. */
const tryTimeoutMs = 10_000;
const backoff = { firstMs: 200, maxMs: 3_000 };

export type JsonRequest = Omit<HttpRequest, "signal" | "stream"> & {
  signal: AbortSignal;
  timeoutMs?: number | undefined;
};

/**
 * Sends one call and reads its JSON answer. What may pass (no answer, 429, 5xx) is tried again within the call's bound,
 * after `Retry-After` where the server names one; a 401 once more with credentials read anew.
 *
 * All our calls may be repeated: names are our own, so a repeated create answers "exists".
 * Throws `ApiError`, or the signal's reason.
 */
export async function requestJson<T>(transport: Transport, request: JsonRequest): Promise<T> {
  const bound = bounded(request.signal, request.timeoutMs ?? defaultTimeoutMs);
  let renewed = false;
  try {
    for (let attempt = 0; ; attempt++) {
      const outcome = await settle(tryOnce<T>(transport, request, bound.signal));
      if (outcome.kind === "answer") return outcome.value;
      const { error } = outcome;
      if (request.signal.aborted) throw request.signal.reason;
      if (bound.timeUp() || !isApiError(error)) throw isApiError(error) ? error : unreachable(transport.server, error);
      if (error.kind === "unauthorized" && !renewed) {
        renewed = true;
        await transport.renew();
      } else if (mayPass(error, request.method)) {
        await pause(bound, Math.max(error.retryAfterMs ?? 0, backoffMs(attempt, backoff)), error);
      } else throw error;
    }
  } finally {
    bound.done();
  }
}

/** Our patches name no version: one that met another change is simply made again. */
function mayPass(error: ApiError, method: string): boolean {
  return error.passing || (error.kind === "conflict" && method === "PATCH");
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
  let text: string;
  try {
    text = await response.body.text();
  } catch (error) {
    throw unreachable(server, error);
  }
  if (response.status >= 300) throw errorFrom(response.status, response.headers["retry-after"], text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreachable(server, error);
  }
}

/** The server's refusal as an `ApiError`. `text` is a Status object, or plain text from a proxy on the way. */
export function errorFrom(status: number, retryAfter: string | string[] | undefined, text: string): ApiError {
  const { message, reason } = readStatus(text);
  const seconds = Number(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter);
  return new ApiError(message || `the Kubernetes API answered ${status}`, {
    kind: kindOfStatus(status, reason),
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: seconds * 1000 } : {}),
  });
}

function readStatus(text: string): { message: string; reason: string | undefined } {
  try {
    const status: unknown = JSON.parse(text);
    if (typeof status === "object" && status !== null) {
      const { message, reason } = status as { message?: unknown; reason?: unknown };
      return {
        message: typeof message === "string" ? message : "",
        reason: typeof reason === "string" ? reason : undefined,
      };
    }
  } catch {
    // Not JSON: a load balancer's page or kubelet's plain text, shown as it is.
  }
  return { message: text.trim().slice(0, 500), reason: undefined };
}

const kinds: Record<number, ApiErrorKind> = {
  400: "invalid",
  401: "unauthorized",
  403: "denied",
  404: "missing",
  408: "unavailable",
  409: "conflict",
  410: "gone",
  422: "invalid",
  429: "throttled",
};

function kindOfStatus(status: number, reason: string | undefined): ApiErrorKind {
  if (reason === "AlreadyExists") return "exists";
  if (reason === "Expired" || reason === "Gone") return "gone";
  return kinds[status] ?? (status >= 500 ? "unavailable" : "refused");
}
