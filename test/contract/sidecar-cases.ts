import { expect } from "vitest";
import type { Container } from "../embedded/api-server/objects.ts";
import type { ContractCase } from "./bench.ts";
import { shellContainer, shellPod, untilEvent, untilFinished, untilPod } from "./workloads.ts";

const data = { volumes: [{ name: "d", emptyDir: {} }] };

function sidecar(script: string, more: Partial<Container> = {}): Container {
  const env = [{ name: "MARK", value: "/d/x" }];
  const volumeMounts = [{ name: "d", mountPath: "/d" }];
  return { ...shellContainer("side", script), restartPolicy: "Always", env, volumeMounts, ...more };
}

const succeeds: Partial<Container> = { startupProbe: { exec: { command: ["true"] }, initialDelaySeconds: 2 } };

/** Native sidecars: init containers with restartPolicy Always (Kubernetes 1.29 and later). */
export const sidecarCases: ContractCase[] = [
  {
    name: "a sidecar that ends while it starts is started again, and the pod ends well with its own containers",
    async run(bench) {
      const script = '[ -f "$MARK" ] && exec sleep 60; touch "$MARK"; exit 1';
      const spec = { ...data, initContainers: [sidecar(script, succeeds)] };
      const pod = await bench.cluster.create("pods", shellPod(bench, "true", { spec }), bench);
      const up = await untilPod(bench, pod, ({ status }) => Boolean(status?.initContainerStatuses?.[0]?.started));
      expect(up.status?.initContainerStatuses?.[0]).toMatchObject({
        restartCount: 1,
        lastState: { terminated: { exitCode: 1, reason: "Error" } },
      });
      expect((await untilFinished(bench, pod)).status?.phase).toBe("Succeeded");
    },
  },
  {
    name: "a sidecar that ends again and again is shown as ended between its lives, and keeps the pod's containers from starting",
    async run(bench) {
      const spec = { ...data, initContainers: [sidecar("exit 4", succeeds)] };
      const pod = await bench.cluster.create("pods", shellPod(bench, "true", { spec }), bench);
      const state = (each: typeof pod) => each.status?.initContainerStatuses?.[0];
      const ended = await untilPod(bench, pod, (each) => state(each)?.restartCount === 1);
      expect(ended.status?.phase).toBe("Pending");
      const event = await untilEvent(bench, pod, "BackOff");
      expect(event.message).toMatch(/^Back-off restarting failed container side in pod [\w-]+_[\w-]+\([\w-]+\)$/);
      const again = await untilPod(bench, pod, (each) => state(each)?.state?.terminated !== undefined);
      expect(state(again)).toMatchObject({ started: false, state: { terminated: { exitCode: 4, reason: "Error" } } });
      expect(again.status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe("PodInitializing");
    },
  },
  {
    name: "a sidecar whose startup probe fails runs and has not started; the kubelet starts it again",
    async run(bench) {
      const startupProbe = { exec: { command: ["false"] }, periodSeconds: 1, failureThreshold: 3 };
      const script = 'trap "exit 0" TERM; while :; do sleep 0.1; done';
      const spec = { ...data, initContainers: [sidecar(script, { startupProbe })] };
      const pod = await bench.cluster.create("pods", shellPod(bench, "true", { spec }), bench);
      const running = await untilPod(bench, pod, ({ status }) =>
        Boolean(status?.initContainerStatuses?.[0]?.state?.running),
      );
      expect(running.status?.initContainerStatuses?.[0]).toMatchObject({ started: false, ready: false });
      await untilPod(bench, pod, ({ status }) => (status?.initContainerStatuses?.[0]?.restartCount ?? 0) > 0);
    },
  },
];
