import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isApiError } from "../../../src/cluster/api-error.ts";
import type { Cluster, Pod } from "../../../src/cluster/cluster.ts";
import { connectCluster } from "../../../src/cluster/connect.ts";
import { bodyOf, refusalOf } from "../../support/log/log-response.ts";
import { type EmbeddedCluster, startEmbeddedCluster } from "../embedded-cluster.ts";

let embedded: EmbeddedCluster;
let cluster: Cluster;
const signal = new AbortController().signal;
const soon = { signal, timeoutMs: 400 };

beforeEach(async () => {
  embedded = await startEmbeddedCluster({ images: { sh: {} }, statusDelayMs: 1 });
  cluster = await connectCluster({ kubeconfig: embedded.adminKubeconfig });
});

afterEach(async () => {
  await cluster.close();
  await embedded.stop();
});

const ref = { namespace: "default", name: "p" };

async function startPod(script: string, spec: Partial<NonNullable<Pod["spec"]>> = {}): Promise<void> {
  const command = ["sh", "-c", script];
  const container = { name: "main", image: "sh", imagePullPolicy: "IfNotPresent", command };
  await embedded.apply({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p" },
    spec: { restartPolicy: "Never", ...spec, containers: [container] },
  });
  await expect.poll(() => embedded.object("pods", ref)?.status.phase).not.toBe("Pending");
}

const read = (options: { signal: AbortSignal; timeoutMs?: number } = { signal }) =>
  cluster.read("namespaces", { namespace: "", name: "default" }, options);

async function openLog(follow = true) {
  const response = await cluster.openLog({ pod: ref, container: "main", follow, signal });
  let text = "";
  const ended = (async () => {
    for await (const chunk of bodyOf(response)) text += Buffer.from(chunk).toString("utf8");
  })().then(
    () => "clean",
    () => "cut",
  );
  return { ended, text: () => text };
}

describe("faults between client and server", () => {
  test("a server that is down refuses, resets what is open and comes back on its port", async () => {
    await startPod("echo up; sleep 60");
    const log = await openLog();
    await expect.poll(log.text).toContain("up");
    await embedded.faults.apiDown();
    expect(await log.ended).toBe("cut");
    const failure = await read(soon).catch((error: unknown) => error);
    expect(isApiError(failure, "unreachable")).toBe(true);
    await embedded.faults.apiUp();
    expect(await read()).toBeDefined();
  });

  test("a request can hang, be reset, be late or be answered otherwise, so many times", async () => {
    const hang = embedded.faults.hang({ resource: "namespaces", verb: "get" }, 1);
    await expect(read(soon)).rejects.toThrow();
    expect(hang.hits).toBe(1);
    const unavailable = { status: 503, headers: { "retry-after": "0" }, times: 1 };
    const answer = embedded.faults.answer({ resource: "namespaces" }, unavailable);
    expect(await read()).toBeDefined();
    expect(answer.hits).toBe(1);
    const reset = embedded.faults.reset({ resource: "namespaces" }, 1);
    expect(await read()).toBeDefined();
    expect(reset.hits).toBe(1);
    embedded.faults.delay({ resource: "namespaces" }, 100, 1);
    const startedMs = performance.now();
    await read();
    expect(performance.now() - startedMs).toBeGreaterThan(90);
  });

  test("a lost create was made all the same", async () => {
    embedded.faults.createLost({ resource: "secrets" });
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "default" } };
    const failure = await cluster.create("secrets", secret, { signal }).catch((error: unknown) => error);
    expect(isApiError(failure, "exists")).toBe(true);
    expect(embedded.objects("secrets")).toHaveLength(1);
  });

  test("closing each connection opens a new one for each request", async () => {
    embedded.faults.closeEachConnection();
    const { total } = embedded.connections;
    for (let count = 0; count < 3; count++) await read();
    expect(embedded.connections.total - total).toBeGreaterThanOrEqual(3);
  });

  test("an expired token is refused; a renewed one stands in the same file", async () => {
    const account = { serviceAccount: "runner", namespace: "default" };
    const own = await connectCluster({ kubeconfig: embedded.kubeconfigFor(account) });
    const call = () => own.list("pods", "default", { signal }).catch((error: unknown) => error);
    expect(isApiError(await call(), "denied")).toBe(true);
    embedded.expireToken(account);
    expect(isApiError(await call(), "unauthorized")).toBe(true);
    embedded.expireToken({ ...account, renew: true });
    expect(isApiError(await call(), "denied")).toBe(true);
    await own.close();
  });
});

describe("faults of streams", () => {
  test("a followed log ends cleanly or is cut while its container runs", async () => {
    await startPod("echo up; sleep 60");
    const first = await openLog();
    await expect.poll(first.text).toContain("up");
    expect(embedded.faults.cleanEofOfLogs()).toBe(1);
    expect(await first.ended).toBe("clean");
    const second = await openLog();
    await expect.poll(second.text).toContain("up");
    expect(embedded.faults.resetStreams({ subresource: "log" })).toBe(1);
    expect(await second.ended).toBe("cut");
  });

  test("kubelet's error text comes as a body with 200, or in the middle", async () => {
    await startPod("echo up; sleep 60");
    const text = "unable to retrieve container logs for containerd://x";
    embedded.faults.logErrorBody(text);
    const refused = await openLog();
    expect([await refused.ended, refused.text()]).toEqual(["clean", text]);
    const log = await openLog();
    await expect.poll(log.text).toContain("up");
    embedded.faults.injectIntoLogs("failed to watch", { end: true });
    expect(await log.ended).toBe("clean");
    expect(log.text()).toMatch(/up\nfailed to watch$/);
  });

  test("a held stream says nothing and loses nothing", async () => {
    await startPod("i=0; while :; do echo $i; i=$((i+1)); sleep 0.02; done");
    const log = await openLog();
    await expect.poll(log.text).toContain("\n");
    embedded.faults.holdStreams(true);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = log.text();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(log.text()).toBe(before);
    embedded.faults.holdStreams(false);
    await expect.poll(() => log.text().length).toBeGreaterThan(before.length);
    const numbers = log
      .text()
      .trim()
      .split("\n")
      .map((line) => Number(line.slice(31)));
    expect(numbers).toEqual(numbers.map((_, index) => index));
  });

  test("watch events can be kept back, and a watch can be gone", async () => {
    const { resourceVersion } = await cluster.list("secrets", "default", { signal });
    const seen: string[] = [];
    const ended = (async () => {
      for await (const event of cluster.watch("secrets", "default", { resourceVersion, signal })) {
        if (event.type !== "BOOKMARK") seen.push(`${event.type} ${event.object.metadata?.name}`);
      }
    })().catch((error: unknown) => error);
    const drop = embedded.faults.dropWatchEvents(({ type }) => type === "DELETED");
    const make = (name: string) => embedded.apply({ apiVersion: "v1", kind: "Secret", metadata: { name } });
    await make("a");
    await expect.poll(() => seen).toEqual(["ADDED a"]);
    await cluster.delete("secrets", { namespace: "default", name: "a" }, { signal });
    await make("b");
    await expect.poll(() => seen).toEqual(["ADDED a", "ADDED b"]);
    expect(drop.hits).toBe(1);
    expect(embedded.faults.goneWatch()).toBe(1);
    expect(isApiError(await ended, "gone")).toBe(true);
    const old = cluster.watch("secrets", "default", { resourceVersion, signal })[Symbol.asyncIterator]();
    await expect(old.next()).rejects.toThrow("too old resource version");
  });
});

describe("faults of the node", () => {
  test("a rotated log begins anew, and a follow goes over the rotation", async () => {
    await startPod("echo before; sleep 0.6; echo after; sleep 60");
    const log = await openLog();
    await expect.poll(log.text).toContain("before");
    embedded.faults.rotateLog(ref);
    await expect.poll(log.text).toContain("after");
    const fresh = await openLog(false);
    await fresh.ended;
    expect(fresh.text()).toMatch(/^\S+ after\n$/);
    expect(log.text().split("\n")).toHaveLength(3);
  });

  test("out of memory, evicted, deleted and preempted pods say so", async () => {
    await startPod("sleep 60");
    embedded.faults.oomKill(ref);
    await expect.poll(() => embedded.object("pods", ref)?.status.phase).toBe("Failed");
    expect(embedded.object("pods", ref)?.status.containerStatuses?.[0]?.state?.terminated).toMatchObject({
      exitCode: 137,
      reason: "OOMKilled",
    });
    embedded.faults.deletePod(ref);
    await expect.poll(() => embedded.object("pods", ref)).toBeUndefined();

    await startPod("sleep 60");
    embedded.faults.evict(ref);
    await expect.poll(() => embedded.object("pods", ref)?.status.phase).toBe("Failed");
    const { status } = embedded.object("pods", ref) ?? {};
    expect(status).toMatchObject({ reason: "Evicted" });
    expect(status?.conditions?.find(({ type }) => type === "DisruptionTarget")?.reason).toBe("TerminationByKubelet");
    embedded.faults.deletePod(ref, 0);
    await expect.poll(() => embedded.object("pods", ref)).toBeUndefined();

    await startPod("sleep 60", { terminationGracePeriodSeconds: 1 });
    embedded.faults.preempt(ref);
    expect(embedded.object("pods", ref)?.metadata.deletionTimestamp).toBeDefined();
    await expect.poll(() => embedded.object("pods", ref), { timeout: 3_000 }).toBeUndefined();
  });

  test("a lost node stands still: no status, no log, and deletion hangs until it is back", async () => {
    await startPod("sleep 0.3", { terminationGracePeriodSeconds: 1 });
    embedded.faults.nodeLost();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(embedded.object("pods", ref)?.status.phase).toBe("Running");
    const response = await cluster.openLog({ pod: ref, container: "main", follow: false, signal });
    expect(refusalOf(response)).toMatchObject({ status: 500 });
    embedded.faults.evictFromLostNode();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(embedded.object("pods", ref)?.metadata.deletionTimestamp).toBeDefined();
    embedded.faults.nodeBack();
    await expect.poll(() => embedded.object("pods", ref)).toBeUndefined();
  });

  test("a cluster whose node is lost and whose server is down can be stopped", async () => {
    await startPod("sleep 60");
    embedded.faults.nodeLost();
    await embedded.faults.apiDown();
    await embedded.stop();
  });

  test("an unschedulable node leaves new pods waiting until it takes them again", async () => {
    embedded.faults.makeUnschedulable();
    const starting = startPod("sleep 60");
    await expect.poll(() => embedded.object("pods", ref)?.status.conditions?.[0]?.reason).toBe("Unschedulable");
    embedded.faults.makeUnschedulable(false);
    await starting;
  });

  test("the node's clock moves the log's stamps", async () => {
    await startPod("echo one; sleep 0.5; echo two; sleep 60");
    const log = await openLog();
    await expect.poll(log.text).toContain("one");
    embedded.faults.nodeClockStep(-30);
    await expect.poll(log.text).toContain("two");
    const [first = "", second = ""] = log.text().split("\n");
    expect(second < first).toBe(true);
  });
});

describe("the cluster as a whole", () => {
  test("each authorised call names the role and rule that allowed it", async () => {
    const account = { serviceAccount: "runner", namespace: "default" };
    const kubeconfig = embedded.kubeconfigFor(account);
    await embedded.apply(`
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: r }
rules:
  - { apiGroups: [batch], resources: [jobs], verbs: [list] }
  - { apiGroups: [""], resources: [pods], verbs: [list] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: b }
subjects: [{ kind: ServiceAccount, name: runner, namespace: default }]
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: r }
`);
    const own = await connectCluster({ kubeconfig });
    await own.list("pods", "default", { signal });
    await own.close();
    expect(embedded.calls.at(-1)).toEqual({
      user: "system:serviceaccount:default:runner",
      verb: "list",
      group: "",
      resource: "pods",
      subresource: "",
      namespace: "default",
      name: "",
      role: "Role default/r",
      rule: 1,
    });
  });

  test("a static pod is shown as running and runs nothing", async () => {
    await embedded.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p", annotations: { "embedded.test/static": "true" } },
      spec: { containers: [{ name: "paperclip", image: "anything:1" }] },
    });
    await expect.poll(() => embedded.object("pods", ref)?.status.phase).toBe("Running");
    expect(embedded.object("pods", ref)?.spec.volumes?.[0]?.name).toMatch(/^kube-api-access-/);
    embedded.faults.deletePod(ref);
    await expect.poll(() => embedded.object("pods", ref)).toBeUndefined();
  });

  test("claims are folders that outlive their pods", async () => {
    await embedded.apply(`
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { accessModes: [ReadWriteMany], resources: { requests: { storage: 1Gi } } }
---
apiVersion: v1
kind: Pod
metadata: { name: p }
spec:
  restartPolicy: Never
  volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
  containers:
    - name: main
      image: sh
      imagePullPolicy: IfNotPresent
      command: [sh, -c, 'echo hello > "$FILE"']
      env: [{ name: FILE, value: /data/a/file }]
      workingDir: /data/a
      volumeMounts: [{ name: data, mountPath: /data }]
`);
    await expect.poll(() => embedded.object("pods", ref)?.status.phase).toBe("Succeeded");
    const { readFileSync } = await import("node:fs");
    expect(readFileSync(`${embedded.volumePath("data")}/a/file`, "utf8")).toBe("hello\n");
    expect(embedded.object("persistentvolumeclaims", { namespace: "default", name: "data" })?.status.phase).toBe(
      "Bound",
    );
  });

  test("a process that leaves its group ends with its container", async () => {
    const { existsSync, readFileSync } = await import("node:fs");
    const script = 'setsid sleep 60 & echo $! > "$FILE"; sleep 0.2';
    await embedded.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p" },
      spec: {
        restartPolicy: "Never",
        volumes: [{ name: "out", hostPath: { path: embedded.volumePath("out"), type: "DirectoryOrCreate" } }],
        containers: [
          {
            name: "main",
            image: "sh",
            imagePullPolicy: "IfNotPresent",
            command: ["sh", "-c", script],
            env: [{ name: "FILE", value: "/out/pid" }],
            volumeMounts: [{ name: "out", mountPath: "/out" }],
          },
        ],
      },
    });
    await expect.poll(() => embedded.object("pods", ref)?.status.phase).toBe("Succeeded");
    const pid = readFileSync(`${embedded.volumePath("out")}/pid`, "utf8").trim();
    // Killed is enough: who collects it is up to the machine.
    const state = () =>
      existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[2] : "gone";
    await expect.poll(state).toMatch(/gone|Z|X/);
  });
});
