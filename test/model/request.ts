/** One message of a chat completion request, as the client sent it. */
interface ModelMessage {
  role: string;
  content: unknown;
  tool_calls?: unknown;
}

/** One recorded request for a completion. */
export interface ModelRequest {
  model: string;
  messages: ModelMessage[];
  stream: boolean;
  /** OpenCode asks on the side for a title of a new session. */
  isTitle: boolean;
  /** How many requests for answers (titles not counted) came before this one. */
  index: number;
  /** Which step of the running turn this is: the number of assistant messages after the last user message. */
  step: number;
  /** Everything the user wrote, joined. */
  userText: string;
  /** The last message the user wrote. */
  lastUserText: string;
  /** Results of the tools called in this turn. */
  toolResults: string[];
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Text of a message, whether its content is a string or a list of parts. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => (isRecord(part) && typeof part.text === "string" ? part.text : "")).join("\n");
}

/** OpenCode 1.18.33's title request: a system prompt that begins "You are a title generator", and no tools. */
function isTitleRequest(messages: ModelMessage[], body: Record<string, unknown>): boolean {
  const system = messages.filter((message) => message.role === "system").map((message) => textOf(message.content));
  return body.tools === undefined && system.some((text) => /title generator/i.test(text));
}

export function readModelRequest(body: unknown, headers: Record<string, string>, index: number): ModelRequest {
  const record = isRecord(body) ? body : {};
  const messages = (Array.isArray(record.messages) ? record.messages : []).filter(
    isRecord,
  ) as unknown as ModelMessage[];
  const lastUser = messages.findLastIndex((message) => message.role === "user");
  const turn = messages.slice(lastUser + 1);
  const userTexts = messages.filter((message) => message.role === "user").map((message) => textOf(message.content));
  return {
    model: String(record.model ?? ""),
    messages,
    stream: record.stream === true,
    isTitle: isTitleRequest(messages, record),
    index,
    step: turn.filter((message) => message.role === "assistant").length,
    userText: userTexts.join("\n"),
    lastUserText: userTexts.at(-1) ?? "",
    toolResults: turn.filter((message) => message.role === "tool").map((message) => textOf(message.content)),
    headers,
    body: record,
  };
}
