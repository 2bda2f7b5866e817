import { type JsonRecord, textOf } from "./json-value.ts";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Longer than any header's value or duration that means something; what is longer is cut before a pattern sees it. */
const longestValue = 100;

/** "6m0s", "1.5s", "20ms", "2h": the durations providers write in headers and messages. */
function durationMs(text: string): number | undefined {
  const parts = [...text.slice(0, longestValue).matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)/g)];
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

/** The header's value by its name in lower case. */
function byName(headers: JsonRecord): ReadonlyMap<string, string | undefined> {
  const entries = Object.entries(headers).filter(([name]) => name.length <= longestValue);
  return new Map(
    entries.map(([name, value]) => [name.toLowerCase(), textOf(value)?.slice(0, longestValue).trim()] as const),
  );
}

/** A wait that is one: a provider, or an agent in its name, may write any number. */
function finite(ms: number | undefined): number | undefined {
  return ms === undefined || !Number.isFinite(ms) ? undefined : ms;
}

/** How long the provider asks to wait, from the headers of its refusal. `nowMs` is when it refused. */
export function retryAfterFromHeaders(headers: JsonRecord, nowMs: number): number | undefined {
  const lower = byName(headers);
  const exact = Number(lower.get("retry-after-ms") || Number.NaN);
  if (!Number.isNaN(exact)) return finite(Math.max(0, exact));
  const retryAfter = lower.get("retry-after");
  if (retryAfter) return finite(fromRetryAfter(retryAfter, nowMs));
  const resets = resetHeaders.map((name) => finite(fromReset(lower.get(name) ?? "", nowMs)));
  const known = resets.filter((reset) => reset !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** "Please try again in 6m0s." (OpenAI), "retry in 38.5s" (Google). */
export function retryAfterFromMessage(message: string): number | undefined {
  const duration = /^\s*((?:\d{1,15}(?:\.\d{1,15})?\s{0,5}(?:ms|s|m|h|d)\s{0,5}){1,8})/;
  for (const { index, 0: words } of message.matchAll(/(?:try again|retry) in /gi)) {
    const from = index + words.length;
    const found = duration.exec(message.slice(from, from + longestValue).toLowerCase())?.[1];
    if (found !== undefined) return durationMs(found);
  }
  return undefined;
}
