import { isQuantity } from "../formats/quantity.ts";
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

/** Whole seconds, as a number or as digits. */
export const secondsKind: Kind<number> = {
  accepts: "whole seconds",
  control: "number",
  read(value, refuse) {
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof number === "number" && Number.isInteger(number) && number >= 0 && number <= longestSec) return number;
    return refuseAs(0, refuse, `a whole number of seconds from 0 to ${longestSec}`);
  },
};

/**
 * Seconds where 0 would do harm: it is read as the default, since a form whose number field was cleared, and clients
 * that fill in what they do not know, send 0.
 */
export function positiveSecondsKind(fallback: number): Kind<number> {
  return {
    ...secondsKind,
    read: (value, refuse) => secondsKind.read(value, refuse) || fallback,
  };
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

export const quantityExpected = "an amount as Kubernetes writes it, such as 500m, 2 or 10Gi";

export const quantityKind: Kind<string> = {
  ...textKind({ accepts: isQuantity, expected: quantityExpected }),
  accepts: "an amount such as 500m, 2 or 10Gi",
};

/** Refuses, and gives a value of the type for the reader to return. */
function refuseAs<T>(value: T, refuse: Refuse, expected: string): T {
  refuse(expected);
  return value;
}
