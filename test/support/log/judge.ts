import type { Played } from "./play.ts";

export interface Judgement {
  /** Every line once; those that were not late in their order. */
  exact: boolean;
  missing: string[];
  /** Told more often than written, or never written. */
  surplus: string[];
  /** Missing, and neither a gap nor the absent first line says so. */
  silent: string[];
  /** Gaps said where nothing is missing: nothing of what was told stood in the file any more. */
  needless: number;
}

/** Compares what was told with what one stream shows that was never cut. */
export function judge({ expected, told, late, settled, gaps }: Played): Judgement {
  const left = new Map<string, number>();
  for (const line of expected) left.set(line, (left.get(line) ?? 0) + 1);
  const strange = new Set<string>();
  for (const line of [...told, ...late]) {
    const count = left.get(line) ?? 0;
    if (count === 0) strange.add(line);
    else left.set(line, count - 1);
  }
  const missing = [...left].flatMap(([line, count]) => Array.from({ length: count }, () => line));
  // A rotated file may begin within a long line: that piece has the time of its own record.
  const surplus = [...strange].filter((line) => !expected.some((whole) => isRestOf(line, whole)));
  const holes = holesBetween({ expected, told, late: new Set(late), strange });
  const said = ({ from, to }: Hole) => gaps.some((at) => at >= from && at <= to);
  const silent = holes ? holes.flatMap((hole) => (hole.from === 0 || said(hole) ? [] : hole.lines)) : ["out of order"];
  const needless = gaps.filter((at) => !holes?.some(({ from, to }) => at >= from && at <= to)).length;
  const exact = settled && missing.length === 0 && surplus.length === 0 && silent.length === 0;
  return { exact, missing, surplus, silent, needless };
}

function isRestOf(line: string, whole: string): boolean {
  return line.length > 31 && whole.length > line.length && whole.endsWith(line.slice(31));
}

interface Told {
  expected: readonly string[];
  told: readonly string[];
  late: ReadonlySet<string>;
  strange: ReadonlySet<string>;
}

/** What is missing before the told line number `to`; from number `from` on there are only pieces of lines. */
interface Hole {
  from: number;
  to: number;
  lines: string[];
}

/** Undefined when lines were told out of order. */
function holesBetween({ expected, told, late, strange }: Told): Hole[] | undefined {
  const holes: Hole[] = [];
  let next = 0;
  const afterRests = () => {
    let at = next;
    while (at < told.length && strange.has(told[at] as string)) at++;
    return at;
  };
  for (const line of expected) {
    if (line === told[afterRests()]) next = afterRests() + 1;
    else if (!late.has(line) && holes.at(-1)?.from === next) holes.at(-1)?.lines.push(line);
    else if (!late.has(line)) holes.push({ from: next, to: afterRests(), lines: [line] });
  }
  return afterRests() === told.length ? holes : undefined;
}
