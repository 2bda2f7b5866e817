import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Adapter } from "../../src/index.ts";
import { endless, expectEnd, pause, startRun, untilReady } from "../stories/stage.ts";
import { realWorld } from "../world/real-world.ts";
import type { World } from "../world/world.ts";

/** The test cluster's own scripts: `fault.sh` breaks it on command, `up.sh` mends whatever a failed story left broken. */
const scripts = process.env["CLUSTER_SCRIPTS"] ?? fileURLToPath(new URL("../../../shared/cluster", import.meta.url));
const run = promisify(execFile);
const fault = (name: string) => run("bash", [join(scripts, "fault.sh"), name], { timeout: 120_000 });

/** The cluster's garbage collector waits and tries again after an API server was away. */
const goneWithinMs = 120_000;

describe("a real cluster that breaks in the middle of a run", () => {
  let world: World;
  let adapter: Adapter;

  beforeAll(async () => {
    world = await realWorld({ namespace: "e2e-endings-faults", volume: "db4" });
    await untilReady(world);
    adapter = world.adapter();
  });
  afterEach(async () => {
    for (const name of ["blackhole-off", "api-up", "kubelet-up"]) await fault(name).catch(() => undefined);
  }, 180_000);
  afterAll(async () => {
    await adapter?.close();
    await world?.stop();
  });

  const steady = { lines: 600, rate: 10 };

  test("the API server is away for 25 s", async () => {
    const live = startRun(world, adapter, { agentId: "api-down", chatter: steady });
    await live.saw("seq=20 ");
    await fault("api-down");
    await pause(25_000);
    await fault("api-up");
    await expectEnd(world, live, { fault: "API server away for 25 s", code: "", numbers: 600 });
  });

  test("the API server is killed and comes back at once", async () => {
    const live = startRun(world, adapter, { agentId: "api-restart", chatter: { lines: 300, rate: 10 } });
    await live.saw("seq=20 ");
    await fault("api-restart");
    await expectEnd(world, live, { fault: "API server restarted", code: "", numbers: 300, goneWithinMs });
  });

  test("kubelet is killed, which ends the log cleanly", async () => {
    const live = startRun(world, adapter, { agentId: "kubelet-restart", chatter: { lines: 300, rate: 10 } });
    await live.saw("seq=20 ");
    await fault("kubelet-restart");
    await expectEnd(world, live, { fault: "kubelet restarted", code: "", numbers: 300 });
  });

  test("kubelet is away for 20 s while the agent ends", async () => {
    const live = startRun(world, adapter, { agentId: "kubelet-down", chatter: { lines: 100, rate: 10 } });
    await live.saw("seq=20 ");
    await fault("kubelet-down");
    await pause(20_000);
    await fault("kubelet-up");
    await expectEnd(world, live, { fault: "kubelet away while the agent ends", code: "", numbers: 100 });
  });

  test("containerd is restarted", async () => {
    const live = startRun(world, adapter, { agentId: "containerd", chatter: { lines: 200, rate: 10 } });
    await live.saw("seq=20 ");
    await fault("containerd-restart");
    await expectEnd(world, live, { fault: "containerd restarted", code: "", numbers: 200 });
  });

  test("pods and API server lose each other without a reset for 30 s", async () => {
    const live = startRun(world, adapter, { agentId: "black-hole", chatter: steady });
    await live.saw("seq=20 ");
    await fault("blackhole-on");
    await pause(30_000);
    await fault("blackhole-off");
    await expectEnd(world, live, { fault: "black hole for 30 s", code: "", numbers: 600 });
  });

  test("the user cancels while the API server is away: told as not confirmed, and the Job goes afterwards", async () => {
    const live = startRun(world, adapter, { agentId: "cancel-away", chatter: endless });
    await live.saw("seq=20 ");
    await fault("api-down");
    live.cancel();
    const { result } = await live.done;
    expect(Date.now() - live.cancelledAtMs).toBeLessThan(10_000);
    await fault("api-up");
    expect(result).toMatchObject({ errorCode: "cancelled", exitCode: null });
    await expectEnd(world, live, {
      fault: "cancelled while the API server is away",
      code: "cancelled",
      goneWithinMs,
    });
  });
});

/** Without a kubelet for 40 s a node is not ready (API: node monitor grace period); what tolerates that for 5 s is then evicted. */
const tolerations = ["not-ready", "unreachable"].map((state) => ({
  key: `node.kubernetes.io/${state}`,
  operator: "Exists",
  effect: "NoExecute",
  tolerationSeconds: 5,
}));

describe("a node of a real cluster that dies whole", () => {
  let world: World;
  let adapter: Adapter;

  beforeAll(async () => {
    world = await realWorld({ namespace: "e2e-node-lost", volume: "db4" });
    await untilReady(world);
    // Paperclip's own pod is on the first node by now.
    const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
    await run("bash", [join(scripts, "up.sh"), modules], { env: { ...process.env, NODES: "2" }, timeout: 240_000 });
    adapter = world.adapter({ limits: { overdueMs: 10_000 } });
  }, 300_000);
  afterAll(async () => {
    await fault("node2-back").catch(() => undefined);
    await adapter?.close();
    await world?.stop();
  });

  test("the run ends with its own code, and its pod holds the slot until the node is back", async () => {
    const live = startRun(world, adapter, {
      agentId: "node-lost",
      chatter: endless,
      config: { graceSec: 2, nodeSelector: "kubernetes.io/hostname=node2", tolerations },
    });
    await live.saw("seq=20 ");
    await fault("node2-lost");
    const { result } = await live.done;
    expect(result).toMatchObject({ errorCode: "k8s_node_lost", errorFamily: "transient_upstream", exitCode: null });
    expect(await live.pods()).toHaveLength(1);
    await fault("node2-back");
    await expectEnd(world, live, {
      fault: "the run's node dies whole",
      code: "k8s_node_lost",
      mayLose: "what the lost node had not sent",
      goneWithinMs,
    });
  });
});
