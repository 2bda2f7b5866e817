import { afterAll, beforeAll, expect, test } from "vitest";
import { permissions } from "../../src/cluster/permissions.ts";
import { lossWithout, type Right } from "../../src/health/missing-right.ts";
import type { Adapter } from "../../src/index.ts";
import { shortLimits } from "../stories/short-limits.ts";
import { endless, standInFolder, startRun } from "../stories/stage.ts";
import { type EmbeddedWorld, embeddedWorld } from "../world/embedded-world.ts";
import { accountFiles, examples, namespaceObject } from "../world/manifests.ts";

const rights = permissions
  .flatMap(({ group, resource, verbs }) => verbs.map((verb) => ({ group, resource, verb })))
  .map((right, n) => ({ ...right, namespace: `without-${n}` }));

let world: EmbeddedWorld;
let adapter: Adapter;

beforeAll(async () => {
  world = await embeddedWorld({ path: [standInFolder] });
  adapter = world.adapter({ limits: shortLimits("embedded") });
  await apply(rights.flatMap(({ namespace, ...right }) => roleWithout(namespace, right)));
});
afterAll(async () => {
  // Jobs that could not be deleted are, as soon as the right is there; without it they are waited for a minute.
  await apply(rights.flatMap(({ namespace }) => roleWithout(namespace)));
  await adapter?.close();
  await world?.stop();
});

async function apply(items: object[]): Promise<void> {
  await world.cluster.apply(JSON.stringify({ apiVersion: "v1", kind: "List", items }));
}

/** A namespace where Paperclip's account has the documented Role, but for one right. */
function roleWithout(namespace: string, right?: Right): object[] {
  const objects = examples(namespace, accountFiles).map((object) => {
    if ("subjects" in object) {
      return { ...object, subjects: [{ kind: "ServiceAccount", name: "paperclip", namespace: "paperclip" }] };
    }
    if (!("rules" in object)) return object;
    const rules = (object.rules as Rule[]).flatMap((rule) =>
      rule.resources.map((one) => ({
        ...rule,
        resources: [one],
        verbs: rule.verbs.filter((each) => one !== right?.resource || each !== right.verb),
      })),
    );
    return { ...object, rules: rules.filter(({ verbs }) => verbs.length > 0) };
  });
  return [namespaceObject(namespace), ...objects];
}

interface Rule {
  resources: string[];
  verbs: string[];
}

const needed = rights.filter((right) => lossWithout(right, "dedicated_pvc") === undefined);
const optional = rights.filter((right) => !needed.includes(right));

test("the rights that are called needed and those that are not are the whole Role", () => {
  expect(needed.length).toBeGreaterThan(5);
  expect(optional.length).toBeGreaterThan(5);
});

test.each(optional)(
  "without $verb $resource a run ends well and can be stopped",
  async ({ resource, verb, namespace }) => {
    const run = startRun(world, adapter, { agentId: namespace, config: { namespace } });
    const { result } = await run.done;
    expect(result.errorMessage).toBeNull();
    expect(result.exitCode).toBe(0);

    const stopped = startRun(world, adapter, {
      agentId: `${namespace}-stopped`,
      config: { namespace },
      chatter: endless,
    });
    await stopped.saw("seq=1 ");
    stopped.cancel();
    const end = (await stopped.done).result;
    // The Job's end is what confirms a stop.
    const confirmed = resource !== "jobs" || verb !== "delete";
    expect(end.errorCode).toBe("cancelled");
    expect(end.resultJson?.["executionCancellation"] !== undefined).toBe(confirmed);
  },
);

test.each(needed)("without $verb $resource a run cannot end well", async ({ resource, namespace }) => {
  const claim =
    resource === "persistentvolumeclaims" ? { agentDbMode: "dedicated_pvc", agentDbStorageClass: "rwx" } : {};
  const run = startRun(world, adapter, { agentId: namespace, config: { namespace, ...claim } });
  const { result } = await run.done;
  expect(result.errorCode).toBe("k8s_permission_denied");
});
