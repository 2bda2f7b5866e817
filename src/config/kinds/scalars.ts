import { amountExpected } from "./amount.ts";
import type { Kind, Refuse } from "./kind.ts";

/** Linux takes no longer path (PATH_MAX), and nothing else on one line is longer. */
const longestLine = 4_096;

/** One line of text, trimmed. With `check`, only what it accepts. */
export function textKind(check?: { accepts: (text: string) => boolean; expected: string }): Kind<string> {
  return {
    accepts: "text",
    control: "text",
    read(value, refuse) {
      const text = typeof value === "number" ? String(value) : value;
      if (typeof text !== "string") return refuseAs("", refuse, check?.expected ?? "text");
      if (text.length > longestLine) return refuseAs("", refuse, `at most ${longestLine} characters`);
      if (check && !check.accepts(text.trim())) refuse(check.expected);
      return text.trim();
    },
  };
}

/** Text as it was written, with its lines and blanks. */
export const proseKind: Kind<string> = {
  accepts: "text",
  control: "textarea",
  read: (value, refuse) => (typeof value === "string" ? value : refuseAs("", refuse, "text")),
};

/** A year: long enough for every run, short enough that sums of such numbers stay in Kubernetes' 32 bits. */
const longestSec = 31_536_000;

/** Whole seconds, as a number or as digits, up to a bound. */
function secondsUpTo(mostSec: number): Kind<number> {
  return {
    accepts: mostSec === longestSec ? "whole seconds" : `whole seconds, up to ${mostSec}`,
    control: "number",
    read(value, refuse) {
      const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      if (typeof number === "number" && Number.isInteger(number) && number >= 0 && number <= mostSec) return number;
      return refuseAs(0, refuse, `a whole number of seconds from 0 to ${mostSec}`);
    },
  };
}

export const secondsKind: Kind<number> = secondsUpTo(longestSec);

/**
 * Seconds where 0 would do harm: it is read as the default, since a form whose number field was cleared, and clients
 * that fill in what they do not know, send 0.
 */
export function positiveSecondsKind(fallback: number, mostSec: number = longestSec): Kind<number> {
  const kind = secondsUpTo(mostSec);
  return { ...kind, read: (value, refuse) => kind.read(value, refuse) || fallback };
}

const truths: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  "1": true,
  false: false,
  no: false,
  off: false,
  "0": false,
};

export const toggleKind: Kind<boolean> = {
  accepts: "true or false",
  control: "toggle",
  read(value, refuse) {
    const scalar = ["string", "number", "boolean"].includes(typeof value);
    const truth = scalar ? truths[String(value).trim().toLowerCase()] : undefined;
    return truth ?? refuseAs(false, refuse, "true or false");
  },
};

/** One of a few words. An unset choice is offered as "" with `unsetLabel`. */
export function choiceKind<const T extends string>(choices: readonly T[], unsetLabel?: string): Kind<T> {
  const expected = `one of ${choices.join(", ")}`;
  const options = choices.map((choice) => ({ label: choice as string, value: choice as string }));
  return {
    accepts: expected,
    control: "select",
    options: unsetLabel === undefined ? options : [{ label: unsetLabel, value: "" }, ...options],
    read(value, refuse) {
      const found = choices.find((choice) => choice === (typeof value === "string" ? value.trim() : value));
      return found ?? refuseAs(choices[0] as T, refuse, expected);
    },
  };
}

/** An amount of storage. */
export const storageKind: Kind<string> = {
  accepts: "an amount such as 10Gi",
  control: "text",
  read(value, refuse) {
    const text = (typeof value === "string" || typeof value === "number" ? String(value) : "").trim();
    const expected = amountExpected("storage", text);
    return expected === undefined ? text : refuseAs("", refuse, expected);
  },
};

/** Refuses, and gives a value of the type for the reader to return. */
function refuseAs<T>(value: T, refuse: Refuse, expected: string): T {
  refuse(expected);
  return value;
}
