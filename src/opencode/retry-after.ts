import { type JsonRecord, textOf } from "./json-value.ts";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "6m0s", "1.5s", "20ms", "2h": the durations providers write in headers and messages. */
function durationMs(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)/g)];
  if (parts.length === 0) return undefined;
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (unitMs[unit ?? ""] ?? 0), 0);
}

function untilMs(date: string, nowMs: number): number | undefined {
  const at = Date.parse(date);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

/** `Retry-After` is a number of seconds or an HTTP date (RFC 9110). */
function fromRetryAfter(value: string, nowMs: number): number | undefined {
  const seconds = Number(value);
  return Number.isNaN(seconds) ? untilMs(value, nowMs) : Math.max(0, seconds * 1_000);
}

/** OpenAI writes a duration ("6m0s"), Anthropic a date, OpenRouter milliseconds since 1970. */
function fromReset(value: string, nowMs: number): number | undefined {
  if (/^\d{10}$/.test(value)) return Math.max(0, Number(value) * 1_000 - nowMs);
  if (/^\d{13}$/.test(value)) return Math.max(0, Number(value) - nowMs);
  if (/^\d{4}-\d\d-\d\d/.test(value)) return untilMs(value, nowMs);
  return durationMs(value);
}

const resetHeaders = [
  "x-ratelimit-reset-requests",
  "x-ratelimit-reset-tokens",
  "anthropic-ratelimit-requests-reset",
  "anthropic-ratelimit-tokens-reset",
  "x-ratelimit-reset",
];

/** How long the provider asks to wait, from the headers of its refusal. `nowMs` is when it refused. */
export function retryAfterFromHeaders(headers: JsonRecord, nowMs: number): number | undefined {
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), textOf(value)?.trim()]));
  const exact = Number(lower.get("retry-after-ms") || Number.NaN);
  if (!Number.isNaN(exact)) return Math.max(0, exact);
  const retryAfter = lower.get("retry-after");
  if (retryAfter) return fromRetryAfter(retryAfter, nowMs);
  const resets = resetHeaders.map((name) => fromReset(lower.get(name) ?? "", nowMs));
  const known = resets.filter((reset) => reset !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** "Please try again in 6m0s." (OpenAI), "retry in 38.5s" (Google). */
export function retryAfterFromMessage(message: string): number | undefined {
  const found = /(?:try again|retry) in ((?:\d+(?:\.\d+)?\s*(?:ms|s|m|h|d)\s*)+)/i.exec(message);
  return found?.[1] === undefined ? undefined : durationMs(found[1].toLowerCase());
}
