/** The clock of the cluster's only node; its step moves log timestamps, not the API server's own times. */
export interface NodeClock {
  nowNs(): bigint;
  step(seconds: number): void;
}

export function createNodeClock(): NodeClock {
  const base = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();
  let offsetNs = 0n;
  return {
    nowNs: () => base + process.hrtime.bigint() + offsetNs,
    step: (seconds) => {
      offsetNs += BigInt(Math.round(seconds * 1e9));
    },
  };
}

/** RFC 3339 with nine digits and "Z": the form of CRI log records and of the API's log lines. */
export function formatNanos(ns: bigint): string {
  const seconds = ns / 1_000_000_000n;
  const date = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${date}.${String(ns % 1_000_000_000n).padStart(9, "0")}Z`;
}

/** RFC 3339 in whole seconds, as the API server writes times. */
export function formatSeconds(ms: number = Date.now()): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
