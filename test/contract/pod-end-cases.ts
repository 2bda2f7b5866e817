import { expect } from "vitest";
import { type ContractCase, until } from "./bench.ts";
import {
  image,
  logOf,
  runScript,
  secretNamed,
  shellContainer,
  shellPod,
  terminatedState,
  untilEvent,
  untilPod,
  waitingReason,
} from "./workloads.ts";

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as unknown as string;

/** What containers find, and how pods end. */
export const podEndCases: ContractCase[] = [
  {
    name: "a working directory that is missing is made",
    async run(bench) {
      const { log } = await runScript(bench, '[ "$(pwd)" = "$WORK" ] && echo same; touch here && echo writable', {
        spec: { volumes: [{ name: "work", emptyDir: {} }] },
        container: {
          workingDir: "/work/deep/er",
          env: [{ name: "WORK", value: "/work/deep/er" }],
          volumeMounts: [{ name: "work", mountPath: "/work" }],
        },
      });
      expect(log).toBe("same\nwritable\n");
    },
  },
  {
    name: "an init container hands over through an emptyDir what it read from a Secret's volume",
    async run(bench) {
      await bench.cluster.create(
        "secrets",
        secretNamed(bench, "text", { "part-1": "hello ", "part-2": "world", unused: "x" }),
        bench,
      );
      const items = [
        { key: "part-1", path: "a/1" },
        { key: "part-2", path: "a/2" },
      ];
      const mounts = [
        { name: "secret", mountPath: "/secret", readOnly: true },
        { name: "shared", mountPath: "/shared" },
      ];
      const env = [
        { name: "FROM", value: "/secret/a" },
        { name: "TO", value: "/shared/text" },
        { name: "ROOT", value: "/secret" },
      ];
      const volumes = [
        { name: "secret", secret: { secretName: "text", items, defaultMode: 0o440 } },
        { name: "shared", emptyDir: {} },
      ];
      const init = {
        ...shellContainer("copy", 'cat "$FROM"/1 "$FROM"/2 > "$TO"; [ -e "$ROOT/unused" ] || echo ok'),
        env,
        volumeMounts: mounts,
      };
      const { pod, log } = await runScript(bench, 'cat "$TO"', {
        spec: { volumes, initContainers: [init] },
        container: { env, volumeMounts: mounts },
      });
      expect(log).toBe("hello world");
      expect(await logOf(bench, pod, "container=copy")).toBe("ok\n");
      expect(terminatedState(pod, "copy")).toMatchObject({ exitCode: 0, reason: "Completed" });
      expect(pod.status?.initContainerStatuses?.[0]).toMatchObject({ ready: true, restartCount: 0 });
    },
  },
  {
    name: "when an init container fails nothing else is started",
    async run(bench) {
      const { pod } = await runScript(bench, "echo never", {
        spec: { initContainers: [shellContainer("first", "exit 7")] },
      });
      expect(pod.status?.phase).toBe("Failed");
      expect(terminatedState(pod, "first")).toMatchObject({ exitCode: 7, reason: "Error" });
      expect(waitingReason(pod)).toBe("PodInitializing");
      expect(pod.status?.conditions?.find(({ type }) => type === "Initialized")).toMatchObject({
        status: "False",
        reason: "ContainersNotInitialized",
        message: "containers with incomplete status: [first]",
      });
    },
  },
  {
    name: "a volume from a missing Secret keeps the container from being made",
    async run(bench) {
      const volumes = [{ name: "keys", secret: { secretName: "missing" } }];
      const volumeMounts = [{ name: "keys", mountPath: "/keys" }];
      const pod = await bench.cluster.create(
        "pods",
        shellPod(bench, "true", { spec: { volumes }, container: { volumeMounts } }),
        bench,
      );
      const event = await untilEvent(bench, pod, "FailedMount");
      expect(event.message).toBe('MountVolume.SetUp failed for volume "keys" : secret "missing" not found');
      const waiting = await untilPod(bench, pod, (each) => waitingReason(each) !== undefined);
      expect(waitingReason(waiting)).toBe("ContainerCreating");
    },
  },
  {
    name: "a command that does not exist is a StartError with code 128",
    async run(bench) {
      const { pod } = await runScript(bench, "", { container: { command: ["/no-such-command"] } });
      expect(pod.status?.phase).toBe("Failed");
      expect(terminatedState(pod)).toMatchObject({ exitCode: 128, reason: "StartError" });
      expect(terminatedState(pod)?.message).toContain(
        'unable to start container process: exec: "/no-such-command": stat /no-such-command: no such file or directory',
      );
      const plain = await runScript(bench, "", { container: { command: ["no-such-command"] } });
      expect(terminatedState(plain.pod)?.message).toContain(
        'exec: "no-such-command": executable file not found in $PATH',
      );
    },
  },
  {
    name: "runAsNonRoot refuses an image that runs as root",
    async run(bench) {
      const pod = shellPod(bench, "true", { spec: { securityContext: { runAsNonRoot: true } } });
      const created = await bench.cluster.create("pods", pod, bench);
      const waiting = await untilPod(bench, created, (each) => waitingReason(each) === "CreateContainerConfigError");
      expect(waiting.status?.containerStatuses?.[0]?.state?.waiting?.message).toMatch(
        /^container has runAsNonRoot and image will run as root \(pod: ".+", container: main\)$/,
      );
    },
  },
  {
    name: "a deleted pod's process gets TERM and may end in its own way",
    async run(bench) {
      const script = "trap 'echo got; exit 5' TERM; echo up; while :; do sleep 0.1; done";
      const ended = await deletedWhileRunning(bench, script, 10);
      expect(terminatedState(ended.pod)).toMatchObject({ exitCode: 5, reason: "Error" });
      expect(ended.tookMs).toBeLessThan(8_000);
    },
  },
  {
    name: "a process that ignores TERM, or does not care, is killed when the grace period is over",
    async run(bench) {
      const script = "trap 'echo got' TERM; echo up; while :; do sleep 0.1; done";
      const ended = await deletedWhileRunning(bench, script, 2);
      expect(terminatedState(ended.pod)).toMatchObject({ exitCode: 137, reason: "Error" });
      expect(ended.tookMs).toBeGreaterThan(1_900);
      // The first process of a container does not die of a signal it has no handler for.
      const careless = await deletedWhileRunning(bench, "echo up; exec sleep 60", 2);
      expect(terminatedState(careless.pod)).toMatchObject({ exitCode: 137, reason: "Error" });
    },
  },
  {
    name: "a pod over its own deadline has failed and keeps its log",
    async run(bench) {
      const { pod, log } = await runScript(bench, "echo begun; sleep 60", {
        spec: { activeDeadlineSeconds: 3, terminationGracePeriodSeconds: 1 },
      });
      expect(pod.status).toMatchObject({
        phase: "Failed",
        reason: "DeadlineExceeded",
        message: "Pod was active on the node longer than the specified deadline",
      });
      expect(terminatedState(pod)).toMatchObject({ exitCode: 137, reason: "Error" });
      expect(log).toBe("begun\n");
    },
  },
  {
    name: "a pod's events tell its way",
    async run(bench) {
      const { pod } = await runScript(bench, "true");
      const list = await until("all events", bench, async () => {
        const fieldSelector = `involvedObject.name=${pod.metadata?.name},involvedObject.uid=${pod.metadata?.uid}`;
        const { items } = await bench.cluster.list("events", bench.namespace, { ...bench, fieldSelector });
        const shown = items.filter(({ reason }) => reason !== "MissingClusterDNS");
        return shown.length >= 4 ? shown : undefined;
      });
      const texts = list.map(({ reason, message = "" }) => `${reason}: ${message.replace(/ to \S+$/, "")}`).sort();
      // The kubelet's words up to 1.34, and those of 1.37.
      const present = `Pulled: Container image "${image}" already present on machine`;
      expect(texts).toEqual([
        expect.toBeOneOf(["Created: Created container: main", "Created: Container created"]),
        expect.toBeOneOf([present, `${present} and can be accessed by the pod`]),
        `Scheduled: Successfully assigned ${bench.namespace}/${pod.metadata?.name}`,
        expect.toBeOneOf(["Started: Started container main", "Started: Container started"]),
      ]);
      expect(list.find(({ reason }) => reason === "Started")?.involvedObject.fieldPath).toBe("spec.containers{main}");
    },
  },
];

/** Deletes a pod once it says "up" and watches for its last state. */
async function deletedWhileRunning(bench: Parameters<ContractCase["run"]>[0], script: string, graceSec: number) {
  const pod = await bench.cluster.create("pods", shellPod(bench, script), bench);
  await untilPod(bench, pod, ({ status }) => status?.phase === "Running");
  await until("the first line", bench, async () => ((await logOf(bench, pod)).includes("up") ? true : undefined));
  const { namespace, name } = { namespace: bench.namespace, name: pod.metadata?.name ?? "" };
  const { resourceVersion } = await bench.cluster.list("pods", namespace, bench);
  const startedMs = Date.now();
  const last = lastState(bench, name, resourceVersion);
  const answer = await bench.http("DELETE", `/api/v1/namespaces/${namespace}/pods/${name}`, {
    body: { gracePeriodSeconds: graceSec },
  });
  expect(answer.json.metadata).toMatchObject({ deletionGracePeriodSeconds: graceSec, deletionTimestamp: time });
  return { pod: await last, tookMs: Date.now() - startedMs };
}

async function lastState(bench: Parameters<ContractCase["run"]>[0], name: string, resourceVersion: string) {
  for await (const event of bench.cluster.watch("pods", bench.namespace, { resourceVersion, signal: bench.signal })) {
    if (event.type === "DELETED" && event.object.metadata?.name === name) return event.object;
  }
  throw new Error(`the watch ended before pod ${name} was gone`);
}
