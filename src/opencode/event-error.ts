import { boundedJson } from "../lib/json.ts";
import { boundedWord, bounds } from "./bounds.ts";
import { isRecord, type JsonRecord, numberOf, present, readJson, recordOf, textOf, wordOf } from "./json-value.ts";
import { retryAfterFromHeaders, retryAfterFromMessage } from "./retry-after.ts";

/** What OpenCode says about a failure of its provider or of itself. */
export interface OpencodeError {
  /** OpenCode's name for it: `APIError`, `ContextOverflowError`, `UnknownError`, ... */
  name?: string;
  /** At most `bounds.message` characters. */
  message: string;
  /** HTTP status of the provider's answer. */
  statusCode?: number;
  /** What the provider answered, at most `bounds.message` characters. */
  responseBody?: string;
  /** The provider's own code in that answer: `insufficient_quota`, `context_length_exceeded`, ... */
  providerCode?: string;
  isRetryable?: boolean;
  /** Names the log entry that has the reason. */
  ref?: string;
  /** How long the provider asked to wait. */
  retryAfterMs?: number;
}

/** OpenAI: `{error: {code, type}}`; Anthropic: `{error: {type}}`; Google: `{error: {status}}`. */
function providerCodeOf(responseBody: string | undefined): string | undefined {
  if (responseBody === undefined || responseBody.length > bounds.body) return undefined;
  const body = recordOf(readJson(responseBody));
  const error = recordOf(body.error);
  return boundedWord(wordOf(error.code) ?? wordOf(error.type) ?? wordOf(error.status) ?? wordOf(body.code));
}

function messageOf(error: JsonRecord, data: JsonRecord): string {
  const first = Array.isArray(error.errors) ? recordOf(error.errors[0]) : {};
  const said = wordOf(data.message) ?? wordOf(error.message) ?? wordOf(first.message);
  const words = said ?? wordOf(error.name) ?? wordOf(error.code);
  return cut(words ?? JSON.stringify(boundedJson(error, { depth: 8, nodes: 200 })), bounds.message);
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`;
}

/** An HTTP status; what is none says nothing. */
function statusOf(value: unknown): number | undefined {
  const status = numberOf(value);
  return status !== undefined && Number.isInteger(status) && status >= 100 && status <= 599 ? status : undefined;
}

/** Reads the `error` of an error event: `{name, data: {message, statusCode, responseHeaders, responseBody}}` in 1.18.33. */
export function readError(value: unknown, nowMs: number): OpencodeError {
  if (!isRecord(value)) return { message: cut(wordOf(value) ?? "unknown error", bounds.message) };
  const data = recordOf(value.data);
  const message = messageOf(value, data);
  const responseBody = textOf(data.responseBody);
  const fromHeaders = retryAfterFromHeaders(recordOf(data.responseHeaders), nowMs);
  return {
    message,
    ...present({
      name: boundedWord(wordOf(value.name)),
      statusCode: statusOf(data.statusCode),
      responseBody: responseBody?.slice(0, bounds.message),
      providerCode: providerCodeOf(responseBody),
      ref: boundedWord(wordOf(data.ref)),
      isRetryable: typeof data.isRetryable === "boolean" ? data.isRetryable : undefined,
      retryAfterMs: fromHeaders ?? retryAfterFromMessage(message),
    }),
  };
}
