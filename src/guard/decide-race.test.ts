import { describe, expect, test } from "vitest";
import { job } from "../../test/support/run-parts.ts";
import { mustYield } from "./decide-race.ts";

describe("two replicas at the same moment", () => {
  test("two Jobs at once: exactly one of any two yields", () => {
    const ages = ["2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"];
    for (const createdAt of ages) {
      for (const otherAt of ages) {
        const [one, other] = [job({ name: "job-1", createdAt }), job({ name: "job-2", createdAt: otherAt })];
        const yields = [mustYield(one, [one, other]), mustYield(other, [one, other])];
        expect(yields.filter((winner) => winner !== undefined)).toHaveLength(1);
      }
    }
  });

  test("of three, one stays", () => {
    const jobs = ["job-b", "job-a", "job-c"].map((name) => job({ name }));
    expect(jobs.filter((one) => mustYield(one, jobs) === undefined).map(({ metadata }) => metadata?.name)).toEqual([
      "job-a",
    ]);
  });

  test("nobody yields to a Job that has ended", () => {
    const own = job({ name: "job-2" });
    expect(mustYield(own, [own, job({ finished: "Complete" })])).toBeUndefined();
  });

  test("nobody yields to its own Job under a new version", () => {
    const own = job({ createdAt: "2026-01-01T00:00:05Z" });
    expect(mustYield(own, [job({ createdAt: "2026-01-01T00:00:00Z" })])).toBeUndefined();
  });
});
