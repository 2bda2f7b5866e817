import type { Cluster, Pod } from "../../src/cluster/cluster.ts";
import { literal } from "../../src/job/escape-dollars.ts";
import { containerName } from "../../src/job/names.ts";
import launcher from "../../src/launcher/launcher.sh?raw";
import type { FollowLimits } from "../../src/log/following.ts";
import { carryOutput } from "../../src/output/carry-output.ts";
import type { OutputEnd } from "../../src/output/output-writer.ts";

export const nonce = "5f0c9a";
const signal = new AbortController().signal;

export interface PodRequest {
  namespace: string;
  name: string;
  image: string;
  /** What the launcher runs. */
  command: string[];
  env?: Record<string, string>;
}

/** Starts the launcher with a command in a pod of its own and waits until it runs. */
export async function startPod(admin: Cluster, request: PodRequest): Promise<Pod> {
  const { namespace, name } = request;
  await admin.create("pods", podOf(request), { signal });
  for (;;) {
    const pod = await admin.read("pods", { namespace, name }, { signal });
    const state = pod?.status?.containerStatuses?.[0]?.state;
    if (pod && (state?.running || state?.terminated)) return pod;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function podOf({ namespace, name, image, command, env = {} }: PodRequest): Pod {
  const all = {
    OPENCODE_K8S_NONCE: nonce,
    OPENCODE_K8S_RUN_ID: name,
    OPENCODE_K8S_RUN_DIR: "/run/agent",
    OPENCODE_K8S_CWD: "/run/agent",
    OPENCODE_K8S_PROMPT_PARTS: "1",
    OPENCODE_K8S_PROMPT_0: "go",
    OPENCODE_K8S_BEAT_SEC: "20",
    ...env,
  };
  const container = {
    name: containerName,
    image,
    imagePullPolicy: "IfNotPresent",
    command: ["sh", "-c", literal(launcher), "launcher"],
    args: command,
    env: Object.entries(all).map(([key, value]) => ({ name: key, value })),
    volumeMounts: [{ name: "run", mountPath: "/run/agent" }],
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace, name },
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 1,
      securityContext: {
        runAsUser: 1000,
        runAsNonRoot: true,
        fsGroup: 1000,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [container],
      volumes: [{ name: "run", emptyDir: {} }],
    },
  };
}

export interface Carried {
  end: OutputEnd;
  stdout: string[];
  stderr: string[];
  said: string[];
  /** Milliseconds from the line's own "t=" to its arrival. */
  latencies: number[];
}

export interface Carrying {
  limits: FollowLimits;
  /** How long the run's log takes for each call. */
  sinkMs?: number;
  /** Whether lines are kept; otherwise only told. */
  keep?: boolean;
  onLine?(line: string): void;
}

/** Carries a pod's output through a connection, as a run does. */
export async function carry(
  cluster: Cluster,
  pod: Pod,
  { limits, sinkMs = 0, keep = true, onLine }: Carrying,
): Promise<Carried> {
  const carried: Omit<Carried, "end"> = { stdout: [], stderr: [], said: [], latencies: [] };
  const pause = () => (sinkMs > 0 ? new Promise<void>((resolve) => setTimeout(resolve, sinkMs)) : Promise.resolve());
  const log = {
    stdout: pause,
    stderr: pause,
    say: async (text: string) => void carried.said.push(text),
  };
  const take = (line: string) => {
    const sent = /\bt=(\d{13,})/.exec(line)?.[1];
    if (sent) carried.latencies.push(performance.timeOrigin + performance.now() - Number(sent) / 1e6);
    if (keep) carried.stdout.push(line);
    onLine?.(line);
  };
  const target = {
    pod,
    nonce,
    onLine: take,
    onStderr: (line: string) => void carried.stderr.push(line),
    onActivity: () => undefined,
  };
  const bounds = { ...limits, follow: limits, deniedMs: 60_000 };
  const end = await carryOutput(target, { cluster, log, limits: bounds }, signal);
  return { end, ...carried };
}

export interface Count {
  missing: number;
  repeated: number;
  ordered: boolean;
}

/** Compares the numbers in "seq=N" with 0 to `count` - 1. */
export function countOf(lines: readonly string[], count: number): Count {
  const numbers = lines.flatMap((line) => [...line.matchAll(/seq=(\d+)/g)].map(([, digits]) => Number(digits)));
  const seen = new Set(numbers);
  const ordered = numbers.every((number, index) => index === 0 || (numbers[index - 1] ?? -1) < number);
  return { missing: count - seen.size, repeated: numbers.length - seen.size, ordered };
}
