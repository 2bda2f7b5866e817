import { readRetryAfter } from "../lib/retry-after.ts";
import { ApiError, type ApiErrorKind } from "./api-error.ts";
import type { HttpResponse } from "./transport.ts";

/** More than any Status object: a body without an end is cut here. */
const longestBytes = 1024 * 1024;

/** What a server refused, from its answer. The body is read to its end, or cut with its connection. */
export async function readRefusal({ status, headers, body }: HttpResponse): Promise<ApiError> {
  const text = await textOf(body);
  if (status >= 300 && status < 400) return impostor(status, `a redirect to ${redirectTarget(headers["location"])}`);
  return errorFrom(status, headers["retry-after"], text);
}

/** Whether an answer says that it is JSON, or says nothing about itself. */
export function isJson({ headers }: Pick<HttpResponse, "headers">): boolean {
  const type = headers["content-type"];
  return type === undefined || /\bjson\b/i.test(String(type));
}

/** An answer with a good status that is not the API's: a login page, a captive portal, another service's text. */
export async function readImpostor({ status, headers, body }: HttpResponse): Promise<ApiError> {
  const text = await textOf(body);
  return impostor(status, webPage(text) ?? `an answer of type ${String(headers["content-type"]).slice(0, 100)}`);
}

/** JSON of something else, in the place of a list. */
export function notAList(): ApiError {
  return impostor(200, "JSON that is no list of Kubernetes objects");
}

function impostor(status: number, what: string): ApiError {
  const message = `something else answers in the place of the Kubernetes API: ${what} (status ${status}); check the server's address, and whether a proxy or a login page stands before it`;
  return new ApiError(message, { kind: "misconfigured", status });
}

function redirectTarget(location: string | string[] | undefined): string {
  const url = URL.parse(String(location ?? ""));
  return url === null ? "another path" : url.origin;
}

/** In words, if a text is one. */
function webPage(text: string): string | undefined {
  const start = text.slice(0, 4_096);
  if (!/^\s*(<!doctype html|<html)/i.test(start)) return undefined;
  const title = /<title>([^<]{1,100})/i.exec(start)?.[1]?.trim();
  return title ? `a web page "${title}"` : "a web page";
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
  const page = webPage(text);
  // A page that asks for a login is shown again and again; another may stand there only while servers are away.
  if (page !== undefined && (status === 401 || status === 403)) return impostor(status, page);
  const { message, reason, isStatus, retryAfterSeconds } =
    page === undefined ? readStatus(text) : noStatus(`${page} (status ${status})`);
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

function noStatus(message: string): Status {
  return { message, reason: undefined, retryAfterSeconds: undefined, isStatus: false };
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
  return noStatus(text.trim().slice(0, 500));
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
