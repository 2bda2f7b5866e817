import { expect, test } from "vitest";
import { job } from "../../test/support/run-parts.ts";
import { isFinished } from "./job-state.ts";

test("a Job has ended when it is complete or failed, not when it is suspended", () => {
  const suspended = { ...job(), status: { conditions: [{ type: "Suspended", status: "True" }] } };
  expect([job(), suspended, job({ finished: "Complete" }), job({ finished: "Failed" })].map(isFinished)).toEqual([
    false,
    false,
    true,
    true,
  ]);
});
