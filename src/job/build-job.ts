import type { Claim, Job, Pod, Secret } from "../cluster/cluster.ts";
import type { Toleration } from "../host/host.ts";
import launcher from "../launcher/launcher.sh?raw";
import type { JsonObject } from "../lib/json-object.ts";
import { visibleText } from "../lib/visible-text.ts";
import { withoutEscalation } from "./denied-powers.ts";
import { buildEnvironment } from "./env.ts";
import { literal } from "./escape-dollars.ts";
import { isolationProblems } from "./isolation-problems.ts";
import type { JobRequest } from "./job-request.ts";
import { type BuiltTemplate, type MergedTemplate, mergePodTemplate } from "./merge-pod-template.ts";
import {
  adapterType,
  annotation,
  containerName,
  databaseClaimName,
  environmentSecretName,
  jobName,
  label,
  labelValue,
  ownLabels,
  promptContainerName,
  promptSecretName,
} from "./names.ts";
import { path, promptFile } from "./paths.ts";
import { podDenials } from "./pod-denials.ts";
import { containerSecurity, copyResources, podAnnotations, podSecurity, securityProfile } from "./pod-policy.ts";
import { buildVolumes, promptPartsVolume, promptVolume } from "./volumes.ts";

type PodSpec = NonNullable<Pod["spec"]>;
type Container = PodSpec["containers"][number];

/** The objects of one run. Secrets need the Job's uid, so that they go with it. */
export interface RunObjects {
  job: Job;
  secrets(owner: { name: string; uid: string }): Secret[];
  /** The agent's own database claim, to be made if it is missing. */
  claim: Claim | undefined;
}

/** Kubernetes' own deadline for the pod, behind our timer: for when nobody watches the run any more. */
const deadlineMarginSec = 900;

/** A queue that holds the Job back decides alone when it starts: such a Job is not ours to suspend and resume. */
export const queueLabel = "kueue.x-k8s.io/queue-name";

/** `denied`: the pod would have what it may not. */
export type BuiltTemplateOf = MergedTemplate | { kind: "denied"; problems: string[] };

export type BuiltRun = { kind: "built"; objects: RunObjects } | Exclude<BuiltTemplateOf, { kind: "merged" }>;

/** An agent writes what a problem quotes: a message has so many, each so long. */
const mostTold = 20;
const longestProblem = 500;

/** The code and the message of a run whose objects cannot be built. */
export function refusalOf({
  kind,
  problems,
}: Exclude<BuiltRun, { kind: "built" }>): ["k8s_policy_denied" | "k8s_config_invalid", string] {
  const shown = problems.slice(0, mostTold).map((problem) => visibleText(problem.slice(0, longestProblem)));
  const told = [...shown, ...(problems.length > mostTold ? [`and ${problems.length - mostTold} more`] : [])].join("; ");
  return kind === "denied"
    ? ["k8s_policy_denied", `The agent's pod may not have what its settings ask for. ${told}.`]
    : ["k8s_config_invalid", `The podTemplate setting is not usable: ${told}.`];
}

/** `refused`: the podTemplate setting cannot be merged. Each problem is a phrase. */
export function buildRunObjects(request: JobRequest): BuiltRun {
  const name = jobName({ agentId: request.agent.id, runId: request.runId, attempt: request.attempt });
  const labels = buildLabels(request);
  const environment = buildEnvironment(request, environmentSecretName(name));
  const pod = buildTemplate(request, { name, labels, environment });
  if (pod.kind !== "merged") return pod;
  const meta = { namespace: request.namespace, labels };
  return {
    kind: "built",
    objects: {
      job: buildJob(request, { name, labels, template: pod.template }),
      secrets: (owner) => buildSecrets(request, { meta, owner, environment: environment.secret }),
      claim: request.settings.agentDbMode === "dedicated_pvc" ? buildClaim(request) : undefined,
    },
  };
}

interface JobParts {
  name: string;
  labels: Record<string, string>;
  template: BuiltTemplate;
}

function buildJob({ settings, agent, namespace, ...request }: JobRequest, { name, labels, template }: JobParts): Job {
  const queued = queueLabel in settings.labels;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name,
      namespace,
      labels,
      annotations: {
        [annotation.agentName]: agent.name,
        [annotation.nonce]: request.nonce,
        ...(queued ? {} : { [annotation.suspendedBy]: request.suspendedBy }),
      },
    },
    spec: {
      ...(queued ? {} : { suspend: true }),
      backoffLimit: 0,
      ...(settings.retainJobs ? {} : { ttlSecondsAfterFinished: settings.ttlSecondsAfterFinished }),
      template,
    },
  };
}

function buildLabels({ settings, agent, runId, companyId, taskId, sessionId }: JobRequest): Record<string, string> {
  return {
    ...settings.labels,
    ...ownLabels,
    [label.adapter]: adapterType,
    [label.agent]: labelValue(agent.id),
    [label.run]: labelValue(runId),
    [label.company]: labelValue(companyId),
    ...(taskId ? { [label.task]: labelValue(taskId) } : {}),
    ...(sessionId ? { [label.session]: labelValue(sessionId) } : {}),
  };
}

interface Parts {
  environment: ReturnType<typeof buildEnvironment>;
  mounted: ReturnType<typeof buildVolumes>;
}

function buildTemplate(
  request: JobRequest,
  { name, labels, environment }: Omit<JobParts, "template"> & Pick<Parts, "environment">,
): BuiltTemplateOf {
  const mounted = buildVolumes(request, name);
  const template = {
    metadata: { labels, annotations: podAnnotations(request) },
    spec: buildPodSpec(request, { environment, mounted }),
  };
  const { podTemplate = {} } = request.settings;
  const merge = mergePodTemplate(template, podTemplate, { env: environment.own, volumes: mounted.own });
  if (merge.kind === "refused") return merge;
  const spec = withoutEscalation(merge.template.spec as JsonObject, request.policy);
  const merged = { ...merge.template, spec } as BuiltTemplate;
  const outside = isolationProblems(merged.spec, request);
  if (outside.length > 0) return { kind: "refused", problems: outside };
  const problems = podDenials(request, { merged, built: template });
  return problems.length > 0 ? { kind: "denied", problems } : { kind: "merged", template: merged };
}

function buildPodSpec(request: JobRequest, parts: Parts): PodSpec {
  const { settings, host } = request;
  return {
    restartPolicy: "Never",
    terminationGracePeriodSeconds: settings.graceSec,
    ...(settings.timeoutSec > 0
      ? { activeDeadlineSeconds: settings.timeoutSec + settings.graceSec + deadlineMarginSec }
      : {}),
    securityContext: podSecurity(securityProfile(request)),
    enableServiceLinks: false,
    ...(settings.serviceAccountName
      ? { serviceAccountName: settings.serviceAccountName }
      : { automountServiceAccountToken: false }),
    ...(settings.runtimeClassName ? { runtimeClassName: settings.runtimeClassName } : {}),
    ...(host && host.imagePullSecrets.length > 0 ? { imagePullSecrets: host.imagePullSecrets } : {}),
    ...(host?.dnsPolicy ? { dnsPolicy: host.dnsPolicy } : {}),
    ...(host?.dnsConfig ? { dnsConfig: host.dnsConfig } : {}),
    ...placement(request),
    ...(request.prompt.kind === "secret" ? { initContainers: [promptContainer(request)] } : {}),
    containers: [agentContainer(request, parts)],
    volumes: parts.mounted.volumes,
  };
}

/** A cluster may have Windows nodes, where the image cannot run. */
const linux = { "kubernetes.io/os": "linux" };

/** The agent's own settings, else where Paperclip itself runs. An empty selector says that any node will do. */
function placement({ settings, host }: JobRequest): Pick<PodSpec, "nodeSelector" | "tolerations"> {
  const anywhere = settings.nodeSelector !== undefined && Object.keys(settings.nodeSelector).length === 0;
  const nodeSelector = anywhere ? {} : { ...linux, ...(settings.nodeSelector ?? host?.nodeSelector) };
  const tolerations: readonly Toleration[] = settings.tolerations ?? host?.tolerations ?? [];
  return {
    ...(Object.keys(nodeSelector).length > 0 ? { nodeSelector: { ...nodeSelector } } : {}),
    ...(tolerations.length > 0 ? { tolerations: [...tolerations] } : {}),
  };
}

function agentContainer(request: JobRequest, { mounted, environment }: Parts): Container {
  const { settings, host } = request;
  return {
    name: containerName,
    image: settings.image ?? host?.image ?? "",
    ...(settings.imagePullPolicy ? { imagePullPolicy: settings.imagePullPolicy } : {}),
    command: ["sh", "-c", literal(launcher), "launcher"],
    args: request.command.map(literal),
    // It exists and is the run's own: a missing workingDir would be made by the kubelet, for root.
    workingDir: path.run,
    env: environment.env,
    ...(environment.envFrom.length > 0 ? { envFrom: environment.envFrom } : {}),
    resources: { requests: { ...settings.resources.requests }, limits: { ...settings.resources.limits } },
    securityContext: containerSecurity(securityProfile(request)),
    volumeMounts: mounted.mounts,
  };
}

function promptContainer(request: JobRequest): Container {
  const { settings } = request;
  return {
    name: promptContainerName,
    image: settings.initImage,
    imagePullPolicy: "IfNotPresent",
    command: ["sh", "-c", 'cat "$1"/part-* > "$2"'.replaceAll("$", "$$$$"), "copy", path.promptParts, promptFile],
    resources: copyResources,
    securityContext: containerSecurity(securityProfile(request)),
    volumeMounts: [
      { name: promptPartsVolume, mountPath: path.promptParts, readOnly: true },
      { name: promptVolume, mountPath: path.prompt },
    ],
  };
}

interface SecretParts {
  meta: { namespace: string; labels: Record<string, string> };
  owner: { name: string; uid: string };
  environment: Record<string, string>;
}

function buildSecrets({ prompt }: JobRequest, { meta, owner, environment }: SecretParts): Secret[] {
  const ownerReferences = [{ apiVersion: "batch/v1", kind: "Job", name: owner.name, uid: owner.uid }];
  const secret = (name: string, data: Record<string, string>): Secret => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { ...meta, name, ownerReferences },
    type: "Opaque",
    immutable: true,
    data,
  });
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
  const promptSecrets = prompt.kind === "env" ? [] : prompt.secrets;
  let part = 0;
  return [
    secret(
      environmentSecretName(owner.name),
      Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, base64(Buffer.from(value))])),
    ),
    ...promptSecrets.map((parts, index) =>
      secret(
        promptSecretName(owner.name, index),
        Object.fromEntries(parts.map((bytes) => [`part-${String(part++).padStart(4, "0")}`, base64(bytes)])),
      ),
    ),
  ];
}

function buildClaim({ agent, companyId, namespace, settings }: JobRequest): Claim {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: databaseClaimName(agent.id),
      namespace,
      labels: {
        ...ownLabels,
        [label.component]: "agent-db",
        [label.agent]: labelValue(agent.id),
        [label.company]: labelValue(companyId),
      },
    },
    spec: {
      accessModes: ["ReadWriteMany"],
      ...(settings.agentDbStorageClass ? { storageClassName: settings.agentDbStorageClass } : {}),
      resources: { requests: { storage: settings.agentDbStorageCapacity } },
    },
  };
}
