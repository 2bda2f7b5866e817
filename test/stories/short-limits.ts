import type { AdapterOptions } from "../../src/index.ts";
import type { World } from "../world/world.ts";

/** Bounds short enough for a story; the real kubelet and scheduler need seconds where the embedded ones need none. */
export function shortLimits(kind: World["kind"]): NonNullable<AdapterOptions["limits"]> {
  const real = kind === "real";
  return {
    slotPollMs: real ? 500 : 100,
    sayEveryMs: real ? 2_000 : 300,
    pendingMs: real ? 12_000 : 1_200,
    suspectMs: real ? 4_000 : 400,
    pullMs: real ? 6_000 : 600,
    webhookMs: real ? 12_000 : 1_500,
    explainAfterMs: real ? 2_000 : 300,
    noPodMs: real ? 1_000 : 150,
    overdueMs: real ? 5_000 : 1_000,
    drainMs: real ? 5_000 : 1_000,
    statusMs: real ? 5_000 : 1_000,
    guardMs: real ? 5_000 : 800,
    slotWaitMs: 60_000,
    suspendedOwnMs: 1_000,
    watchTrustMs: real ? 5_000 : 500,
    deniedMs: real ? 10_000 : 2_000,
    follow: {
      idleMs: real ? 20_000 : 3_000,
      renewMs: 3_000_000,
      firstRetryMs: 50,
      lastRetryMs: 500,
      wholeFileBytes: 65_536,
    },
  };
}
