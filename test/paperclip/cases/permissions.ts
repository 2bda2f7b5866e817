import { readFileSync } from "node:fs";
import { loadAll } from "js-yaml";
import { expect, test } from "vitest";
import { permissions } from "../../../src/cluster/permissions.ts";
import type { Stage } from "../stage/stage.ts";

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

interface Manifest {
  kind: string;
  rules?: Rule[];
}

/** The Role that the suite applied, as `group/resource verb`. */
const granted = (
  loadAll(readFileSync(new URL("../../../examples/rbac/role.yaml", import.meta.url), "utf8")) as Manifest[]
)
  .filter(({ kind }) => kind === "Role")
  .flatMap(({ rules = [] }) => rules)
  .flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${group}/${resource} ${verb}`))),
  );

/** After everything else: what the API server's audit log says of Paperclip's service account. */
export function permissionCases(stage: () => Stage): void {
  test("the Role of the examples is the list of permissions", () => {
    const listed = permissions.flatMap(({ group, resource, verbs }) =>
      verbs.map((verb) => `${group}/${resource} ${verb}`),
    );
    expect(granted.toSorted()).toEqual(listed.toSorted());
  });

  test("every rule of the Role was used", async () => {
    const used = new Set((await ownCalls(stage())).map(({ group, resource, verb }) => `${group}/${resource} ${verb}`));
    expect(granted.filter((rule) => !used.has(rule))).toEqual([]);
  });

  test("nothing that was asked for in the namespace was denied", async () => {
    const denied = (await ownCalls(stage())).filter(({ status }) => status === 401 || status === 403);
    expect(denied).toEqual([]);
  });
}

async function ownCalls({ namespace, serviceAccountCalls }: Stage) {
  return (await serviceAccountCalls()).filter((call) => call.namespace === namespace);
}
