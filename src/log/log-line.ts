import { crc32 } from "node:zlib";

/** A moment as the node's clock told it, exact to the nanosecond. */
export interface Moment {
  /** Since 1970, cut as the API server cuts `sinceTime`. */
  readonly second: number;
  readonly nanos: number;
}

/** One line of a container's log as the API sends it with `timestamps=true`. */
export interface LogLine extends Moment {
  /** RFC 3339 with nanoseconds, as sent. */
  readonly timestamp: string;
  /** The line's own bytes, without timestamp and newline. */
  readonly bytes: Buffer;
  /** CRC-32 over timestamp and bytes. With the moment it is the line's identity when a stream is replayed. */
  readonly check: number;
}

const zero = 0x30;
/** Length of `2006-01-02T15:04:05.000000000`: fixed (API: kubelet's RFC3339NanoFixed); `Z` or `+01:00` follows. */
const localWidth = 29;

/** Undefined: no log line. kubelet writes its own errors into the body of a log, without a timestamp. */
export function readLogLine(raw: Buffer): LogLine | undefined {
  const width = localWidth + zoneWidth(raw);
  if (width === localWidth || raw[width] !== 0x20 || !hasForm(raw)) return undefined;
  const clock = number(raw, 11, 13) * 3600 + number(raw, 14, 16) * 60 + number(raw, 17, 19);
  const second = daysSince1970(raw) * 86_400 + clock - zoneSeconds(raw);
  const nanos = number(raw, 20, localWidth);
  return Number.isNaN(second + nanos) ? undefined : new Line(raw, width, { second, nanos });
}

/** Orders two moments: negative, zero or positive. */
export function compareMoments(left: Moment, right: Moment): number {
  return left.second - right.second || left.nanos - right.nanos;
}

/** The form that `sinceTime` takes. */
export function secondToTime(second: number): string {
  return `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
}

/** Keeps the bytes as they came: at full speed most lines are never asked for their timestamp. */
class Line implements LogLine {
  readonly second: number;
  readonly nanos: number;
  readonly bytes: Buffer;
  readonly check: number;
  readonly #raw: Buffer;
  readonly #width: number;

  constructor(raw: Buffer, width: number, { second, nanos }: Moment) {
    this.#raw = raw;
    this.#width = width;
    this.second = second;
    this.nanos = nanos;
    this.bytes = raw.subarray(width + 1);
    this.check = crc32(raw);
  }

  get timestamp(): string {
    return this.#raw.toString("latin1", 0, this.#width);
  }
}

function hasForm(raw: Buffer): boolean {
  return (
    raw[4] === 0x2d && raw[7] === 0x2d && raw[10] === 0x54 && raw[13] === 0x3a && raw[16] === 0x3a && raw[19] === 0x2e
  );
}

/** 0: no time zone. */
function zoneWidth(raw: Buffer): number {
  const sign = raw[localWidth];
  if (sign === 0x5a) return 1;
  return (sign === 0x2b || sign === 0x2d) && raw[localWidth + 3] === 0x3a ? 6 : 0;
}

function zoneSeconds(raw: Buffer): number {
  const sign = raw[localWidth];
  if (sign === 0x5a) return 0;
  const ahead = number(raw, localWidth + 1, localWidth + 3) * 3600 + number(raw, localWidth + 4, localWidth + 6) * 60;
  return sign === 0x2d ? -ahead : ahead;
}

/** NaN where a byte is no digit. */
function number(raw: Buffer, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = (raw[at] ?? 0) - zero;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Of the Gregorian calendar, with years that begin in March. */
function daysSince1970(raw: Buffer): number {
  const month = number(raw, 5, 7);
  const year = number(raw, 0, 4) - (month <= 2 ? 1 : 0);
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + number(raw, 8, 10) - 1;
  return year * 365 + Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400) + dayOfYear - 719_468;
}
