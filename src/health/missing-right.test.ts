import { load } from "js-yaml";
import { expect, test } from "vitest";
import { permissions } from "../cluster/permissions.ts";
import { lossWithout, ruleOf } from "./missing-right.ts";

test("a right's rule is a line of YAML for the rules of a Role", () => {
  expect(load(ruleOf({ group: "", resource: "pods/log", verb: "get" }))).toEqual([
    { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
  ]);
});

test("an agent with a claim of its own needs the rights to claims, others lose a check", () => {
  const read = { group: "", resource: "persistentvolumeclaims", verb: "get" };
  expect(lossWithout(read, "dedicated_pvc")).toBeUndefined();
  expect(lossWithout(read, "ephemeral")).toBe("the shared claim cannot be checked");
});

test("what no run works without", () => {
  const rights = permissions.flatMap(({ group, resource, verbs }) => verbs.map((verb) => ({ group, resource, verb })));
  const needed = rights.filter((right) => lossWithout(right, "ephemeral") === undefined);
  expect(needed.map(({ resource, verb }) => `${resource} ${verb}`)).toEqual([
    "jobs create",
    "jobs list",
    "jobs patch",
    "pods list",
    "pods/log get",
    "secrets create",
  ]);
});
