import { expect } from "vitest";
import type { ContractCase } from "./bench.ts";
import {
  logOf,
  runScript,
  secretNamed,
  shellPod,
  terminatedState,
  untilEvent,
  untilFinished,
  untilPod,
  waitingReason,
} from "./workloads.ts";

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as unknown as string;

/** How containers get to run, or why they wait. */
export const podCases: ContractCase[] = [
  {
    name: "exit codes, also those of signals, stand in the container's status",
    async run(bench) {
      const scripts = { 0: "exit 0", 3: "exit 3", 137: "sh -c 'kill -9 $$$$'; exit $?" };
      for (const [code, script] of Object.entries(scripts)) {
        const { pod } = await runScript(bench, script);
        expect(pod.status?.phase).toBe(code === "0" ? "Succeeded" : "Failed");
        expect(terminatedState(pod)).toEqual({
          exitCode: Number(code),
          reason: code === "0" ? "Completed" : "Error",
          startedAt: time,
          finishedAt: time,
          containerID: expect.stringMatching(/^containerd:\/\/[0-9a-f]{64}$/),
        });
      }
    },
  },
  {
    name: "a finished pod's conditions say so",
    async run(bench) {
      const { pod } = await runScript(bench, "true");
      const shown = Object.fromEntries(
        (pod.status?.conditions ?? []).map(({ type, status, reason = "" }) => [type, [status, reason]]),
      );
      expect(shown).toEqual({
        // The reason is new in 1.37.
        PodReadyToStartContainers: ["False", expect.toBeOneOf(["", "PodSandboxNotReady"])],
        Initialized: ["True", "PodCompleted"],
        Ready: ["False", "PodCompleted"],
        ContainersReady: ["False", "PodCompleted"],
        PodScheduled: ["True", ""],
      });
    },
  },
  {
    name: "$(NAME) is expanded in env, command and args for known names, $$ is one dollar",
    async run(bench) {
      const env = [
        { name: "FIRST", value: "one" },
        { name: "SECOND", value: "$(FIRST)-two" },
        { name: "UNKNOWN", value: "$(HOME_OF_NOBODY)" },
        { name: "ESCAPED", value: "$$(FIRST)" },
        { name: "DOLLARS", value: "a$$b$c$" },
        { name: "TWICE", value: "$$$$" },
        { name: "LATER", value: "$(LATEST)" },
        { name: "LATEST", value: "x" },
        { name: "OPEN", value: "$(FIRST" },
      ];
      const script =
        'for name in SECOND UNKNOWN ESCAPED DOLLARS TWICE LATER OPEN; do eval "printf \'%s\\n\' \\"\\$$name\\""; done';
      // What the kubelet would expand in the script itself is escaped.
      const command = ["sh", "-c", script.replaceAll("$", "$$$$"), "sh"];
      const { log } = await runScript(bench, "", { container: { env, command } });
      expect(log.split("\n")).toEqual([
        "one-two",
        "$(HOME_OF_NOBODY)",
        "$(FIRST)",
        "a$b$c$",
        "$$",
        "$(LATEST)",
        "$(FIRST",
        "",
      ]);
      const words = { command: ["echo"], args: ["$(FIRST)", "$$(FIRST)", "$(NOBODY)"], env };
      expect((await runScript(bench, "", { container: words })).log).toBe("one $(FIRST) $(NOBODY)\n");
    },
  },
  {
    name: "env comes from Secrets, ConfigMaps and the pod's own fields; optional ones may be missing",
    async run(bench) {
      await bench.cluster.create("secrets", secretNamed(bench, "keys", { TOKEN: "s3cret", other: "o" }), bench);
      await bench.http("POST", `/api/v1/namespaces/${bench.namespace}/configmaps`, {
        body: { metadata: { name: "settings" }, data: { MODE: "fast" } },
      });
      const script = 'echo "$TOKEN|$P_other|$MODE|$NAME"; [ -z "$GONE" ] && echo unset';
      const { log, pod } = await runScript(bench, script, {
        container: {
          envFrom: [
            { prefix: "P_", secretRef: { name: "keys" } },
            { configMapRef: { name: "settings" } },
            { secretRef: { name: "missing", optional: true } },
          ],
          env: [
            { name: "TOKEN", valueFrom: { secretKeyRef: { name: "keys", key: "TOKEN" } } },
            { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
            { name: "GONE", valueFrom: { secretKeyRef: { name: "keys", key: "gone", optional: true } } },
          ],
        },
      });
      expect(log).toBe(`s3cret|o|fast|${pod.metadata?.name}\nunset\n`);
    },
  },
  {
    name: "a container waits for a missing Secret and starts when it comes",
    async run(bench) {
      const env = [{ name: "KEY", valueFrom: { secretKeyRef: { name: "late", key: "key" } } }];
      const pod = await bench.cluster.create("pods", shellPod(bench, "echo $KEY", { container: { env } }), bench);
      const waiting = await untilPod(bench, pod, (each) => waitingReason(each) === "CreateContainerConfigError");
      expect(waiting.status?.phase).toBe("Pending");
      expect(waiting.status?.containerStatuses?.[0]?.state?.waiting?.message).toBe('secret "late" not found');
      expect((await untilEvent(bench, pod, "Failed")).message).toBe('Error: secret "late" not found');
      await bench.cluster.create("secrets", secretNamed(bench, "late", { key: "came" }), bench);
      await untilFinished(bench, pod);
      expect(await logOf(bench, pod)).toBe("came\n");
    },
  },
  {
    name: "a missing key of a Secret that exists is named",
    async run(bench) {
      await bench.cluster.create("secrets", secretNamed(bench, "keys", {}), bench);
      const env = [{ name: "KEY", valueFrom: { secretKeyRef: { name: "keys", key: "gone" } } }];
      const pod = await bench.cluster.create("pods", shellPod(bench, "true", { container: { env } }), bench);
      const waiting = await untilPod(bench, pod, (each) => waitingReason(each) === "CreateContainerConfigError");
      expect(waiting.status?.containerStatuses?.[0]?.state?.waiting?.message).toBe(
        `couldn't find key gone in Secret ${bench.namespace}/keys`,
      );
    },
  },
  {
    name: "an image that cannot be pulled waits as ErrImagePull, then ImagePullBackOff",
    async run(bench) {
      const pod = await bench.cluster.create(
        "pods",
        shellPod(bench, "true", { container: { image: "no-such-image:1" } }),
        bench,
      );
      const failed = await untilPod(bench, pod, (each) => waitingReason(each) === "ErrImagePull");
      expect(failed.status?.containerStatuses?.[0]?.state?.waiting?.message).toMatch(
        /^failed to pull and unpack image "docker\.io\/library\/no-such-image:1": failed to resolve reference /,
      );
      const waiting = await untilPod(bench, pod, (each) => waitingReason(each) === "ImagePullBackOff");
      expect(waiting.status?.phase).toBe("Pending");
      expect(waiting.status?.containerStatuses?.[0]?.state?.waiting?.message).toMatch(
        /^Back-off pulling image "no-such-image:1": ErrImagePull: failed to pull and unpack image /,
      );
      expect((await untilEvent(bench, pod, "BackOff")).message).toBe('Back-off pulling image "no-such-image:1"');
    },
  },
  {
    name: "an image name that no registry can have is told at once",
    async run(bench) {
      const pod = await bench.cluster.create(
        "pods",
        shellPod(bench, "true", { container: { image: "Bad Image" } }),
        bench,
      );
      const waiting = await untilPod(bench, pod, (each) => waitingReason(each) === "InvalidImageName");
      expect(waiting.status?.containerStatuses?.[0]?.state?.waiting?.message).toBe(
        'Failed to apply default image tag "Bad Image": couldn\'t parse image name "Bad Image": invalid reference format: repository name (library/Bad Image) must be lowercase',
      );
      const never = { image: "no-such-image:1", imagePullPolicy: "Never" };
      const other = await bench.cluster.create("pods", shellPod(bench, "true", { container: never }), bench);
      const refused = await untilPod(bench, other, (each) => waitingReason(each) === "ErrImageNeverPull");
      expect(refused.status?.containerStatuses?.[0]?.state?.waiting?.message).toBe(
        'Container image "no-such-image:1" is not present with pull policy of Never',
      );
    },
  },
  {
    name: "a pod that no node takes says why",
    async run(bench) {
      const unscheduled = async (spec: Parameters<typeof shellPod>[2]) => {
        const pod = await bench.cluster.create("pods", shellPod(bench, "true", spec), bench);
        const waiting = await untilPod(bench, pod, ({ status }) =>
          Boolean(status?.conditions?.some(({ reason }) => reason === "Unschedulable")),
        );
        expect(waiting.status?.phase).toBe("Pending");
        expect((await untilEvent(bench, pod, "FailedScheduling")).type).toBe("Warning");
        return waiting.status?.conditions?.[0]?.message;
      };
      expect(await unscheduled({ spec: { nodeSelector: { "contract.test/none": "x" } } })).toContain(
        "node(s) didn't match Pod's node affinity/selector",
      );
      expect(await unscheduled({ container: { resources: { requests: { cpu: "5000" } } } })).toContain(
        "Insufficient cpu",
      );
      const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "missing" } }];
      expect(await unscheduled({ spec: { volumes } })).toContain('persistentvolumeclaim "missing" not found');
    },
  },
  {
    name: "a pod waits for a claim that stays unbound, and the claim's event says why",
    async run(bench) {
      const claim = {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name: "data", namespace: bench.namespace },
        spec: {
          accessModes: ["ReadWriteMany"],
          storageClassName: "contract-none",
          resources: { requests: { storage: "1Gi" } },
        },
      };
      await bench.cluster.create("persistentvolumeclaims", claim, bench);
      const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "data" } }];
      const pod = await bench.cluster.create("pods", shellPod(bench, "true", { spec: { volumes } }), bench);
      await untilPod(bench, pod, ({ status }) =>
        Boolean(
          status?.conditions?.some(({ message }) =>
            message?.includes("pod has unbound immediate PersistentVolumeClaims"),
          ),
        ),
      );
      const event = await untilEvent(bench, claim, "ProvisioningFailed");
      expect(event.message).toBe('storageclass.storage.k8s.io "contract-none" not found');
      const found = await bench.cluster.read(
        "persistentvolumeclaims",
        { namespace: bench.namespace, name: "data" },
        bench,
      );
      expect(found?.status?.phase).toBe("Pending");
    },
  },
];
