import { expect, test } from "vitest";
import { kubectl } from "../stage/kubectl.ts";
import type { Stage } from "../stage/stage.ts";
import { gatedAgent } from "./gate.ts";
import { expectNothingLeft, isOf } from "./wakes.ts";

const table = [
  { what: "Job", kind: "job", code: "k8s_job_deleted" },
  { what: "pod", kind: "pod", code: "k8s_pod_deleted" },
] as const;

/** Somebody with kubectl, in the middle of a run. */
export function deletedCases(stage: () => Stage): void {
  test.each(table)("$what deleted: $code", async ({ what, kind, code }) => {
    const { api, jobs, namespace, pods } = stage();
    const { agent, begin } = await gatedAgent(stage(), `${what} taken away`, { graceSec: 3 });
    const runId = await begin();
    const [object] = (kind === "job" ? jobs : pods).last(isOf(agent.id));
    const name = object?.metadata?.name ?? "";
    await kubectl("-n", namespace, "delete", kind, name, "--wait=false");
    const run = await api.runEnded(runId);
    expect(run).toMatchObject({ status: "failed", errorCode: code, error: expect.stringContaining(name) });
    expect(run.error).not.toMatch(/\n\s+at /);
    await expectNothingLeft(stage(), agent.id);
  });
}
