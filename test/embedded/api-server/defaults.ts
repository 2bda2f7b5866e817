import type { ClaimObject, Container, JobObject, KubeObject, PodObject, PodSpec, SecretObject } from "./objects.ts";
import { randomSuffix } from "./random-name.ts";

/** Fills in what the server fills in, before validation (API: SetDefaults and PrepareForCreate of each kind). */
export function withDefaults(object: KubeObject): KubeObject {
  switch (object.kind) {
    case "Pod":
      return podDefaults(object as PodObject);
    case "Job":
      return jobDefaults(object as JobObject);
    case "Secret":
      return secretDefaults(object as SecretObject & { stringData?: Record<string, string> });
    case "PersistentVolumeClaim":
      return claimDefaults(object as ClaimObject);
    case "Namespace": {
      const labels = { "kubernetes.io/metadata.name": object.metadata.name, ...object.metadata.labels };
      return {
        ...object,
        metadata: { ...object.metadata, labels },
        spec: { finalizers: ["kubernetes"] },
        status: { phase: "Active" },
      };
    }
    default:
      return object;
  }
}

function podSpecDefaults(spec: PodSpec): PodSpec {
  return {
    ...spec,
    ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(containerDefaults) }),
    ...(spec.containers === undefined ? {} : { containers: spec.containers.map(containerDefaults) }),
    restartPolicy: spec.restartPolicy ?? "Always",
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
    dnsPolicy: spec.dnsPolicy ?? "ClusterFirst",
    securityContext: spec.securityContext ?? {},
    schedulerName: spec.schedulerName ?? "default-scheduler",
  };
}

function containerDefaults(container: Container): Container {
  return {
    ...container,
    resources: withRequests(container.resources ?? {}),
    terminationMessagePath: container.terminationMessagePath ?? "/dev/termination-log",
    terminationMessagePolicy: container.terminationMessagePolicy ?? "File",
    imagePullPolicy:
      container.imagePullPolicy ?? (/:(?!latest$)[^/]+$/.test(container.image ?? "") ? "IfNotPresent" : "Always"),
  };
}

/** A limit without a request is the request too (API: SetDefaults_Pod). */
function withRequests(resources: NonNullable<Container["resources"]>): NonNullable<Container["resources"]> {
  if (resources.limits === undefined) return resources;
  return { ...resources, requests: { ...resources.limits, ...resources.requests } };
}

function podDefaults(pod: PodObject): PodObject {
  const spec = podSpecDefaults(pod.spec ?? { containers: [] });
  const account = spec.serviceAccountName ?? "default";
  return {
    ...pod,
    metadata: { ...pod.metadata, generation: 1 },
    spec: {
      ...spec,
      serviceAccountName: account,
      serviceAccount: account,
      enableServiceLinks: spec.enableServiceLinks ?? true,
      preemptionPolicy: "PreemptLowerPriority",
      priority: 0,
      tolerations: [...(spec.tolerations ?? []), ...nodeTolerations],
    },
    status: { phase: "Pending", qosClass: qosClass(spec) },
  };
}

const nodeTolerations = ["not-ready", "unreachable"].map((condition) => ({
  key: `node.kubernetes.io/${condition}`,
  operator: "Exists",
  effect: "NoExecute",
  tolerationSeconds: 300,
}));

function qosClass(spec: PodSpec): string {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const limited = containers.every(({ resources }) =>
    ["cpu", "memory"].every(
      (name) => resources?.limits?.[name] !== undefined && resources.limits[name] === resources.requests?.[name],
    ),
  );
  if (limited && containers.length > 0) return "Guaranteed";
  return containers.some(({ resources }) => resources?.requests || resources?.limits) ? "Burstable" : "BestEffort";
}

/** The token volume that every container gets unless `automountServiceAccountToken` is off (API: ServiceAccount admission). */
export function withServiceAccountToken(pod: PodObject, automount: boolean): PodObject {
  const { spec } = pod;
  if (!(spec.automountServiceAccountToken ?? automount)) return pod;
  const name = `kube-api-access-${randomSuffix()}`;
  const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
  const mounted = (container: Container): Container => {
    if (container.volumeMounts?.some((mount) => mount.mountPath === mountPath)) return container;
    return { ...container, volumeMounts: [...(container.volumeMounts ?? []), { name, mountPath, readOnly: true }] };
  };
  const volume = {
    name,
    projected: {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        {
          downwardAPI: {
            items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
          },
        },
      ],
    },
  };
  return {
    ...pod,
    spec: {
      ...spec,
      volumes: [...(spec.volumes ?? []), volume],
      ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(mounted) }),
      containers: spec.containers.map(mounted),
    },
  };
}

function jobDefaults(job: JobObject): JobObject {
  const spec = job.spec ?? { template: { spec: { containers: [] } } };
  const { uid, name } = job.metadata;
  const template = spec.template ?? {};
  const labels = {
    ...template.metadata?.labels,
    "batch.kubernetes.io/controller-uid": uid,
    "batch.kubernetes.io/job-name": name,
    "controller-uid": uid,
    "job-name": name,
  };
  const hasLabels = Object.keys(job.metadata.labels ?? {}).length > 0;
  const podSpec = { restartPolicy: "", ...template.spec, containers: template.spec?.containers ?? [] };
  return {
    ...job,
    metadata: {
      ...job.metadata,
      generation: 1,
      // A Job without labels takes over its template's (seen with 1.34).
      ...(hasLabels || !template.metadata?.labels ? {} : { labels: template.metadata.labels }),
    },
    spec: {
      ...spec,
      parallelism: spec.parallelism ?? 1,
      completions: spec.completions ?? 1,
      backoffLimit: spec.backoffLimit ?? 6,
      selector: { matchLabels: { "batch.kubernetes.io/controller-uid": uid } },
      manualSelector: false,
      completionMode: spec.completionMode ?? "NonIndexed",
      suspend: spec.suspend ?? false,
      podReplacementPolicy: spec.podReplacementPolicy ?? "TerminatingOrFailed",
      template: { ...template, metadata: { ...template.metadata, labels }, spec: podSpecDefaults(podSpec) },
    },
    status: {},
  };
}

function secretDefaults(secret: SecretObject & { stringData?: Record<string, string> }): SecretObject {
  const { stringData, ...rest } = secret;
  const encoded = Object.entries(stringData ?? {}).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
  const data = { ...rest.data, ...Object.fromEntries(encoded) };
  return { ...rest, ...(Object.keys(data).length > 0 ? { data } : {}), type: rest.type ?? "Opaque" };
}

function claimDefaults(claim: ClaimObject): ClaimObject {
  return {
    ...claim,
    metadata: { ...claim.metadata, finalizers: ["kubernetes.io/pvc-protection", ...(claim.metadata.finalizers ?? [])] },
    spec: { ...claim.spec, volumeMode: claim.spec?.volumeMode ?? "Filesystem" },
    status: { phase: "Pending" },
  };
}
