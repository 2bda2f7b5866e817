import { randomBytes } from "node:crypto";
import type { ClusterEvent, Job, Pod, Secret } from "../../src/cluster/cluster.ts";
import { type Bench, until } from "./bench.ts";

export const image = "docker.io/library/busybox:1.36";

type PodSpec = NonNullable<Pod["spec"]>;
type Container = PodSpec["containers"][number];

export interface PodParts {
  name?: string;
  spec?: Partial<PodSpec>;
  container?: Partial<Container>;
  labels?: Record<string, string>;
}

/** A pod whose container "main" runs a shell script. */
export function shellPod(bench: Bench, script: string, { name, spec, container, labels }: PodParts = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: name ?? `pod-${randomBytes(3).toString("hex")}`,
      namespace: bench.namespace,
      ...(labels === undefined ? {} : { labels }),
    },
    spec: shellSpec(script, { ...(spec ? { spec } : {}), ...(container ? { container } : {}) }),
  };
}

export function shellSpec(script: string, { spec, container }: Pick<PodParts, "spec" | "container"> = {}): PodSpec {
  return {
    restartPolicy: "Never",
    terminationGracePeriodSeconds: 2,
    automountServiceAccountToken: false,
    ...spec,
    containers: [{ ...shellContainer("main", script), ...container }, ...(spec?.containers ?? [])],
  };
}

export function shellContainer(name: string, script: string): Container {
  return { name, image, imagePullPolicy: "IfNotPresent", command: ["sh", "-c", script] };
}

export function shellJob(bench: Bench, script: string, spec: Partial<NonNullable<Job["spec"]>> = {}): Job {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: `job-${randomBytes(3).toString("hex")}`, namespace: bench.namespace },
    spec: { backoffLimit: 0, template: { spec: shellSpec(script) }, ...spec },
  };
}

export function secretNamed(bench: Bench, name: string, data: Record<string, string>): Secret {
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: bench.namespace },
    data: Object.fromEntries(encoded) as Record<string, string>,
  };
}

export function refTo(object: { metadata?: { name?: string; namespace?: string } }): {
  namespace: string;
  name: string;
} {
  return { namespace: object.metadata?.namespace ?? "", name: object.metadata?.name ?? "" };
}

/** Waits until a pod looks as wanted. */
export async function untilPod(bench: Bench, pod: Pod, wanted: (pod: Pod) => boolean): Promise<Pod> {
  let last: Pod | undefined;
  const probe = async () => {
    last = await bench.cluster.read("pods", refTo(pod), bench);
    return last && wanted(last) ? last : undefined;
  };
  return until(`pod ${pod.metadata?.name} as wanted`, bench, probe).catch((error: unknown) => {
    throw new Error(`last seen: ${JSON.stringify(last?.status)}`, { cause: error });
  });
}

export function untilFinished(bench: Bench, pod: Pod): Promise<Pod> {
  return untilPod(bench, pod, ({ status }) => status?.phase === "Succeeded" || status?.phase === "Failed");
}

export function terminatedState(pod: Pod, container = "main") {
  const all = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  return all.find(({ name }) => name === container)?.state?.terminated;
}

export function waitingReason(pod: Pod): string | undefined {
  return pod.status?.containerStatuses?.[0]?.state?.waiting?.reason;
}

/** The pod's log as one text, without timestamps. */
export async function logOf(bench: Bench, pod: Pod, query = "container=main"): Promise<string> {
  const { namespace, name } = refTo(pod);
  return (await bench.http("GET", `/api/v1/namespaces/${namespace}/pods/${name}/log?${query}`)).text;
}

/** Runs a script in a pod to its end. */
export async function runScript(
  bench: Bench,
  script: string,
  parts: PodParts = {},
): Promise<{ pod: Pod; log: string }> {
  const created = await bench.cluster.create("pods", shellPod(bench, script, parts), bench);
  const pod = await untilFinished(bench, created);
  return { pod, log: await logOf(bench, pod) };
}

export async function podsOfJob(bench: Bench, job: Job): Promise<Pod[]> {
  const labelSelector = `batch.kubernetes.io/job-name=${job.metadata?.name}`;
  return (await bench.cluster.list("pods", bench.namespace, { ...bench, labelSelector })).items;
}

export function untilJob(bench: Bench, job: Job, condition: string): Promise<Job> {
  return until(`job ${job.metadata?.name} ${condition}`, bench, async () => {
    const found = await bench.cluster.read("jobs", refTo(job), bench);
    return found?.status?.conditions?.some(({ type, status }) => type === condition && status === "True")
      ? found
      : undefined;
  });
}

export function untilEvent(
  bench: Bench,
  about: { metadata?: { name?: string } },
  reason: string,
): Promise<ClusterEvent> {
  return until(`event ${reason} about ${about.metadata?.name}`, bench, async () => {
    const fieldSelector = `involvedObject.name=${about.metadata?.name}`;
    const { items } = await bench.cluster.list("events", bench.namespace, { ...bench, fieldSelector });
    return items.find((event) => event.reason === reason);
  });
}
