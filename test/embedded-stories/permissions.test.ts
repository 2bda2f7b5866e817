import { afterAll, beforeAll, expect, test } from "vitest";
import { permissions } from "../../src/cluster/permissions.ts";
import type { Adapter } from "../../src/index.ts";
import { say } from "../model/answer.ts";
import { opencodeConfig } from "../model/opencode-config.ts";
import { type ModelServer, startModelServer } from "../model/server.ts";
import { type EmbeddedWorld, embeddedWorld } from "../world/embedded-world.ts";
import { accountFiles, examples, namespaceObject } from "../world/manifests.ts";
import { wake } from "../world/world.ts";

let world: EmbeddedWorld;
let adapter: Adapter;
let model: ModelServer;

beforeAll(async () => {
  model = await startModelServer({ script: () => say("hello") });
  const env = { OPENCODE_CONFIG_CONTENT: JSON.stringify(opencodeConfig({ baseUrl: model.url })) };
  world = await embeddedWorld({ env });
  adapter = world.adapter({
    env: { HOSTNAME: "paperclip-0", ...world.cluster.serviceEnv, ...env },
    limits: { noPodMs: 100, suspectMs: 500, sayEveryMs: 300 },
  });
});
afterAll(async () => {
  await adapter?.close();
  await model?.stop();
  await world?.stop();
});

const account = "system:serviceaccount:paperclip:paperclip";

/** "get pods/log", for every call that Paperclip's service account made and was allowed. */
function callsMade(): Set<string> {
  const own = world.cluster.calls.filter(({ user }) => user === account);
  return new Set(
    own.map(({ verb, resource, subresource }) => `${verb} ${resource}${subresource ? `/${subresource}` : ""}`),
  );
}

test("every rule of the documented Role is used by some run, and no run makes a call beyond it", async () => {
  const granted = new Set(permissions.flatMap(({ resource, verbs }) => verbs.map((verb) => `${verb} ${resource}`)));
  await world.cluster.apply(JSON.stringify({ apiVersion: "v1", kind: "List", items: elsewhere() }));

  const plain = await wake(world, adapter, { agentId: "plain" });
  expect(plain.result.errorMessage).toBeNull();
  const claim = { agentDbMode: "dedicated_pvc", agentDbStorageClass: "rwx" };
  expect((await wake(world, adapter, { agentId: "claim", config: claim })).result.exitCode).toBe(0);
  expect(
    (await wake(world, adapter, { agentId: "elsewhere", config: { namespace: "elsewhere" } })).result.exitCode,
  ).toBe(0);
  const refused = await wake(world, adapter, { agentId: "refused", config: { namespace: "full" } });
  expect(refused.result.errorCode).toBe("k8s_quota_exceeded");
  const missing = await wake(world, adapter, { agentId: "missing", config: { image: "docker.io/local/nothing:1" } });
  expect(missing.result.errorCode).toBe("k8s_image_pull_failed");
  const cancel = new AbortController();
  const cancelled = await wake(world, adapter, {
    agentId: "cancelled",
    signal: cancel.signal,
    onLog: async (_, chunk) => {
      if (chunk.includes("started Job")) setTimeout(() => cancel.abort(new Error("stopped by the user")), 300);
    },
  });
  expect(cancelled.result.errorCode).toBe("cancelled");

  const made = callsMade();
  made.delete("create selfsubjectaccessreviews");
  expect([...made].toSorted()).toEqual([...granted].toSorted());
});

/** Two more namespaces with the Role bound to Paperclip's account; one has no room for pods. */
function elsewhere(): object[] {
  return ["elsewhere", "full"].flatMap((namespace) => [
    namespaceObject(namespace),
    ...examples(namespace, accountFiles).map((object) => boundToPaperclip(object)),
    ...(namespace === "full"
      ? [
          {
            apiVersion: "v1",
            kind: "ResourceQuota",
            metadata: { name: "none", namespace },
            spec: { hard: { pods: "0" } },
          },
        ]
      : []),
  ]);
}

function boundToPaperclip(object: object): object {
  if (!("subjects" in object)) return object;
  return { ...object, subjects: [{ kind: "ServiceAccount", name: "paperclip", namespace: "paperclip" }] };
}
