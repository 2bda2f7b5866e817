/** One tool call the model asks for; the names are OpenCode's own (`bash`, `write`, `read`, ...). */
interface ToolCall {
  name: string;
  input: Record<string, unknown>;
}

/** Tokens as an OpenAI-compatible server counts them: `input` includes `cached`, `output` includes `reasoning`. */
export interface Usage {
  input: number;
  output: number;
  cached?: number;
  reasoning?: number;
}

/** The model speaks: reasoning first, then text, then tool calls. */
export interface Speech {
  kind: "speech";
  reasoning?: string;
  text?: string;
  calls?: readonly ToolCall[];
  usage?: Usage;
  /** Overrides what follows from the rest: `tool_calls` with calls, else `stop`. */
  finish?: string;
  /** Waits before the first byte. */
  firstMs?: number;
  /** Waits between two pieces of text. */
  pieceMs?: number;
}

/** What the server does with one request. */
export type Answer =
  | Speech
  | { kind: "failure"; status: number; body: unknown; headers?: Record<string, string> }
  /** Speaks, then closes the connection without finishing the stream. */
  | { kind: "cut"; text: string }
  /** Takes the request and never answers. */
  | { kind: "hang" };

type SpeechOptions = Omit<Speech, "kind" | "text" | "calls">;

export function say(text: string, options: SpeechOptions = {}): Speech {
  return { kind: "speech", text, ...options };
}

export function call(name: string, input: Record<string, unknown>, options: SpeechOptions = {}): Speech {
  return { kind: "speech", calls: [{ name, input }], ...options };
}

export function cut(text: string): Answer {
  return { kind: "cut", text };
}

export function hang(): Answer {
  return { kind: "hang" };
}

/** Any error in the form OpenAI gives it. */
function fail(
  status: number,
  error: { message: string; type?: string; code?: string },
  headers: Record<string, string> = {},
): Answer {
  const body = { error: { message: error.message, type: error.type ?? null, param: null, code: error.code ?? null } };
  return { kind: "failure", status, body, headers };
}

/** The errors providers really give, with the words OpenAI uses for them. */
export const failures = {
  unauthorized: () =>
    fail(401, {
      message: "Incorrect API key provided: sk-test.",
      type: "invalid_request_error",
      code: "invalid_api_key",
    }),
  rateLimited: (retryAfterSec?: number) =>
    fail(
      429,
      { message: "Rate limit reached for requests.", type: "requests", code: "rate_limit_exceeded" },
      retryAfterSec === undefined ? {} : { "retry-after": String(retryAfterSec) },
    ),
  quotaExceeded: () =>
    fail(429, {
      message: "You exceeded your current quota, please check your plan and billing details.",
      type: "insufficient_quota",
      code: "insufficient_quota",
    }),
  serverError: () =>
    fail(500, { message: "The server had an error while processing your request.", type: "server_error" }),
  overloaded: () => fail(503, { message: "The engine is currently overloaded.", type: "server_error" }),
  contextOverflow: () =>
    fail(400, {
      message:
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 200000 tokens.",
      type: "invalid_request_error",
      code: "context_length_exceeded",
    }),
  modelNotFound: (model: string) =>
    fail(404, {
      message: `The model '${model}' does not exist or you do not have access to it.`,
      type: "invalid_request_error",
      code: "model_not_found",
    }),
} as const;
