import { expect, test } from "vitest";
import { line, phases, scriptedLog, textOf } from "../../test/support/log/scripted-log.ts";
import { ApiError } from "../cluster/api-error.ts";
import { followLog } from "./follow-log.ts";
import type { LogEvent } from "./following.ts";

test.each(["unreachable", "misconfigured"] as const)("%s is waited for: the container runs on", async (kind) => {
  const script = scriptedLog([{ chunks: [line(0, "a"), line(1, "b")] }]);
  const later = phases("running", "terminated");
  let asked = 0;
  const phase = async () => {
    if (asked++ === 0) throw new ApiError("certificate has expired", { kind, status: 0 });
    return later();
  };
  const events: LogEvent[] = [];
  const target = { pod: { namespace: "n", name: "p" }, container: "c", phase };
  for await (const event of followLog(script.cluster, target, { signal: new AbortController().signal })) {
    events.push(event);
  }
  expect(events).toContainEqual({ kind: "interrupted", why: "certificate has expired" });
  expect(textOf(events)).toEqual(["a", "b"]);
});
