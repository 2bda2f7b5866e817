import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Adapter } from "../../src/index.ts";
import type { World } from "../world/world.ts";
import { shortLimits } from "./short-limits.ts";
import { asAdmin, endless, expectEnd, type LiveRun, pause, startRun, untilReady } from "./stage.ts";

const busybox = "docker.io/library/busybox:1.36";

/** What an init container of a namespace that enforces "restricted" must say. */
const restricted = {
  imagePullPolicy: "IfNotPresent",
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { cpu: "1", memory: "64Mi" } },
};

/** What differs between the worlds. */
export interface CaseMeans {
  /** From now on an admission webhook for pods cannot be called; the result brings it back. */
  webhookAway(world: World): Promise<() => Promise<void>>;
  /** From now on the namespace allows no container more than one CPU, nor less than half of what it asks for. */
  limitRange(world: World): Promise<() => Promise<void>>;
  /** What Kubernetes sets in Paperclip's own container for the API server's Service. */
  serviceEnv(world: World): Readonly<Record<string, string>>;
}

/** Small inputs that once failed, each for its kind, where the cluster's behaviour decides. */
export function caseStories(makeWorld: () => Promise<World>, means: CaseMeans): void {
  describe("small inputs that once failed", () => {
    let world: World;
    let adapter: Adapter;
    const limits = (more: object = {}) => ({ ...shortLimits(world.kind), ...more });

    beforeAll(async () => {
      world = await makeWorld();
      await untilReady(world);
      // The bounds of the start as in production: what passes within them must not be cut short.
      adapter = world.adapter({
        limits: { sayEveryMs: 1_000, explainAfterMs: 500, noPodMs: 1_000, slotPollMs: 200 },
      });
    });
    afterAll(async () => {
      await adapter?.close();
      await world?.stop();
    });

    /** A run in an image without OpenCode, whose `opencode` an init container writes. */
    function runProgram(agentId: string, write: string, own: Adapter = adapter): LiveRun {
      const mounted = [{ name: "program", mountPath: "/opt/program" }];
      const init = {
        ...restricted,
        name: "write",
        image: busybox,
        command: ["sh", "-c", `${write}; chmod 755 "$0"`, "/opt/program/opencode"],
        volumeMounts: mounted,
      };
      const podTemplate = {
        spec: {
          volumes: [{ name: "program", emptyDir: {} }],
          initContainers: [init],
          containers: [{ name: "opencode", image: busybox, imagePullPolicy: "IfNotPresent", volumeMounts: mounted }],
        },
      };
      return startRun(world, own, { agentId, config: { podTemplate, env: { PATH: "/opt/program:/usr/bin:/bin" } } });
    }

    const sidecar = (more: object) => ({
      ...restricted,
      name: "p",
      restartPolicy: "Always",
      image: "busybox:1.36",
      env: [{ name: "MARK", value: "/d/x" }],
      volumeMounts: [{ name: "d", mountPath: "/d" }],
      ...more,
    });
    const withSidecars = (...initContainers: object[]) => ({
      podTemplate: { spec: { volumes: [{ name: "d", emptyDir: {} }], initContainers } },
    });
    const script = '[ -f "$MARK" ] && sleep 60; touch "$MARK"; exit 1';
    const probe = { exec: { command: ["true"] }, initialDelaySeconds: 3 };

    test("case 1: a native sidecar that ends once while it starts is restarted, and the run succeeds", async () => {
      const config = withSidecars(sidecar({ command: ["sh", "-c", script], startupProbe: probe }));
      const run = startRun(world, adapter, { agentId: "case-1", config, chatter: { lines: 3 } });
      await expectEnd(world, run, { fault: "case 1", code: "", numbers: 3, goneWithinMs: 60_000 });
    });

    test("case 1: also with an ordinary init container after it", async () => {
      const after = { ...restricted, name: "after", image: busybox, command: ["true"] };
      const config = withSidecars(sidecar({ command: ["sh", "-c", script], startupProbe: probe }), after);
      const run = startRun(world, adapter, { agentId: "case-1-order", config, chatter: { lines: 3 } });
      await expectEnd(world, run, { fault: "case 1, order", code: "", numbers: 3, goneWithinMs: 60_000 });
    });

    test("case 3: a webhook that cannot be called when the pod is made is waited for", async () => {
      const bringBack = await means.webhookAway(world);
      try {
        const run = startRun(world, adapter, { agentId: "case-3", chatter: { lines: 3 } });
        await run.job();
        await pause(world.kind === "real" ? 8_000 : 3_000);
        expect(await run.pods()).toEqual([]);
        await bringBack();
        await expectEnd(world, run, { fault: "case 3", code: "", numbers: 3 });
      } finally {
        await bringBack();
      }
    });

    test("a LimitRange that the pod does not keep has its own code, and the cluster's words", async () => {
      const takeAway = await means.limitRange(world);
      try {
        const run = startRun(world, adapter, { agentId: "limit-range", chatter: { lines: 3 } });
        const says = /maximum cpu usage per Container is 1, but limit is 2/;
        const { result } = await expectEnd(world, run, { fault: "limit range", code: "k8s_limit_range", says });
        expect(result.errorFamily).toBeUndefined();
      } finally {
        await takeAway();
      }
    });

    test("case 8: what a template changes in the prompt's init container counts only where the run has it", async () => {
      const initContainers = [{ name: "prompt", securityContext: { runAsUser: null } }];
      const config = { podTemplate: { spec: { initContainers } } };
      const run = startRun(world, adapter, { agentId: "case-8", config, chatter: { lines: 3 } });
      await expectEnd(world, run, { fault: "case 8", code: "", numbers: 3 });
    });

    test("case 10: an image without opencode ends with its own code and what is missing", async () => {
      const config = { image: busybox, imagePullPolicy: "IfNotPresent" };
      const run = startRun(world, adapter, { agentId: "case-10", config });
      const says = /has no opencode that can be started.*not found/;
      await expectEnd(world, run, { fault: "case 10", code: "k8s_container_start_failed", says });
    });

    test("case 10: an opencode for another CPU is told as such", async () => {
      // The head of an ELF file for SPARC, which no node here is.
      const head =
        "\\\\177ELF\\\\002\\\\002\\\\001\\\\000\\\\000\\\\000\\\\000\\\\000\\\\000\\\\000\\\\000\\\\000\\\\000\\\\002\\\\000\\\\053";
      const run = runProgram(
        "case-10-cpu",
        `printf "${head.replaceAll("\\\\", "\\")}" > "$0"; head -c 200 /dev/zero >> "$0"`,
      );
      const says = /opencode of the agent's image cannot run on this node/;
      await expectEnd(world, run, { fault: "case 10, CPU", code: "k8s_container_start_failed", says });
    });

    test("case 12: Paperclip's pod is found though HOSTNAME is another name", async () => {
      const env = { HOSTNAME: "node-7.internal", OPENCODE_K8S_POD_NAME: "paperclip-0", ...means.serviceEnv(world) };
      const other = world.adapter({ env, limits: limits() });
      const run = startRun(world, other, { agentId: "case-12", chatter: { lines: 3 } });
      await expectEnd(world, run, { fault: "case 12", code: "", numbers: 3 });
      await other.close();
    });

    test("case 13: a CPU limit of null is no limit in the pod", async () => {
      const resources = { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: null, memory: "1Gi" } };
      const run = startRun(world, adapter, { agentId: "case-13", config: { resources }, chatter: endless });
      await run.saw("seq=1 ");
      const [pod] = await run.pods();
      const found = pod?.spec?.containers.find(({ name }) => name === "opencode")?.resources?.limits;
      expect(found).toMatchObject({ memory: "1Gi" });
      expect(found).not.toHaveProperty("cpu");
      run.cancel();
      await run.done;
    });

    test("case 16: a program that never says a word is told after a while, and bounded", async () => {
      const ms = world.kind === "real" ? 4_000 : 1_000;
      const hasty = world.adapter({ limits: limits({ silentSayMs: ms, silentStartMs: 3 * ms }) });
      const text = '#!/bin/sh\\n[ \\"\\$1\\" != --version ] || { echo 1.18.33; exit 0; }\\nsleep 600\\n';
      const run = runProgram("case-16", `printf "${text}" > "$0"`, hasty);
      const { said } = await expectEnd(world, run, { fault: "case 16", code: "inactivity_timeout" });
      expect(said.join()).toMatch(/OpenCode has printed nothing for \d+ s/);
      await hasty.close();
    });

    test("case 18: a sidecar that ends again and again is told with its code, and ends the run", async () => {
      const impatient = world.adapter({ limits: limits() });
      const config = withSidecars(sidecar({ command: ["sh", "-c", "exit 4"], startupProbe: probe }));
      const run = startRun(world, impatient, { agentId: "case-18", config });
      const says = /A sidecar does not come up \(container "p".*code 4/;
      const goneWithinMs = 60_000;
      await expectEnd(world, run, { fault: "case 18", code: "k8s_init_container_failed", says, goneWithinMs });
      await impatient.close();
    });
  });
}

/** Makes an object of the API for as long as the function that is returned is not called. */
export async function forAWhile(
  world: World,
  path: string,
  body: Record<string, unknown> & { metadata: { name: string } },
): Promise<() => Promise<void>> {
  await asAdmin(world, { method: "POST", path, body });
  let isThere = true;
  return async () => {
    if (!isThere) return;
    isThere = false;
    await asAdmin(world, { method: "DELETE", path: `${path}/${body.metadata.name}`, body: {} });
  };
}
