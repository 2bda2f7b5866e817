import { readRetryAfter } from "../lib/retry-after.ts";
import { ApiError, type ApiErrorKind } from "./api-error.ts";
import type { HttpResponse } from "./transport.ts";

/** More than any Status object: a body without an end is cut here. */
const longestBytes = 1024 * 1024;

/** What a server refused, from its answer. The body is read to its end, or cut with its connection. */
export async function readRefusal({ status, headers, body }: HttpResponse): Promise<ApiError> {
  return errorFrom(status, headers["retry-after"], await textOf(body));
}

async function textOf(body: HttpResponse["body"]): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= longestBytes) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The server's refusal as an `ApiError`. `text` is a Status object, or what something on the way says in its place. */
export function errorFrom(status: number, retryAfter: string | string[] | undefined, text: string): ApiError {
  const { message, reason, isStatus, retryAfterSeconds } = readStatus(text);
  const retryAfterMs = readRetryAfter(retryAfter) ?? readRetryAfter(retryAfterSeconds);
  return new ApiError(message || `the Kubernetes API answered ${status}`, {
    // Only the API knows its objects: a load balancer that finds no server says 404, too.
    kind: status === 404 && !isStatus ? "unavailable" : kindOfStatus(status, reason),
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

interface Status {
  message: string;
  reason: string | undefined;
  /** Says the same as the header, also where there is none: in an event of a watch. */
  retryAfterSeconds: unknown;
  /** Whether it is the API server's own word. */
  isStatus: boolean;
}

function readStatus(text: string): Status {
  try {
    const status: unknown = JSON.parse(text);
    if (typeof status === "object" && status !== null) {
      const { kind, message, reason, details } = status as Record<"kind" | "message" | "reason", unknown> & {
        details?: { retryAfterSeconds?: unknown } | null;
      };
      return {
        message: typeof message === "string" ? message : "",
        reason: typeof reason === "string" ? reason : undefined,
        retryAfterSeconds: details?.retryAfterSeconds,
        isStatus: kind === "Status",
      };
    }
  } catch {
    // Not JSON: a load balancer's page or kubelet's plain text, shown as it is.
  }
  return { message: text.trim().slice(0, 500), reason: undefined, retryAfterSeconds: undefined, isStatus: false };
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
