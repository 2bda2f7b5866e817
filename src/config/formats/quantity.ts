const grammar = /^(\d+(?:\.\d*)?|\.\d+)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?\d{1,2})?$/;

/** Digits of more than any amount; a number of a million digits takes seconds to compare. */
const longest = 64;

const factors: Readonly<Record<string, { tens?: number; twos?: number }>> = {
  n: { tens: -9 },
  u: { tens: -6 },
  m: { tens: -3 },
  k: { tens: 3 },
  M: { tens: 6 },
  G: { tens: 9 },
  T: { tens: 12 },
  P: { tens: 15 },
  E: { tens: 18 },
  Ki: { twos: 10 },
  Mi: { twos: 20 },
  Gi: { twos: 30 },
  Ti: { twos: 40 },
  Pi: { twos: 50 },
  Ei: { twos: 60 },
};

/** Whether Kubernetes reads this text as an amount, such as `500m`, `1.5` or `2Gi`. A negative amount is none. */
export function isQuantity(text: string): boolean {
  return text.length <= longest && grammar.test(text);
}

/** Below zero when `left` is less than `right`. Both must be quantities. */
export function compareQuantities(left: string, right: string): number {
  const difference = quantityNanos(left) - quantityNanos(right);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** A quantity in units of 10^-9, the finest that Kubernetes keeps; what is finer is rounded up, as there. */
export function quantityNanos(text: string): bigint {
  const match = grammar.exec(text);
  if (!match) throw new TypeError(`Not a quantity: ${text}`);
  const [, number = "0", suffix = ""] = match;
  const [whole = "", fraction = ""] = number.split(".");
  const { tens = 0, twos = 0 } = factors[suffix] ?? { tens: Number(suffix.slice(1)) };
  const scaled = BigInt(`${whole}${fraction}` || "0") << BigInt(twos);
  const exponent = 9 + tens - fraction.length;
  if (exponent >= 0) return scaled * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(-exponent);
  return (scaled + divisor - 1n) / divisor;
}
