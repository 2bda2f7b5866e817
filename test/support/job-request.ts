import { noPolicy } from "../../src/config/policy/policy.ts";
import type { Host } from "../../src/host/host.ts";
import { buildRunObjects, type RunObjects } from "../../src/job/build-job.ts";
import type { JobRequest } from "../../src/job/job-request.ts";
import { parsed } from "./parsed.ts";

/** A host as Paperclip's Deployment in a cluster gives one: of everything that is inherited, something. */
export function host(changes: Partial<Host> = {}): Host {
  return {
    namespace: "paperclip",
    podName: "paperclip-7d9f",
    labels: { "app.kubernetes.io/name": "paperclip", "pod-template-hash": "7d9f" },
    serviceAccountName: "paperclip",
    admittedByOpenShift: false,
    withheld: {
      secrets: ["paperclip-server", "paperclip-env", "registry"],
      claims: ["paperclip-data", "paperclip-backups"],
    },
    image: "registry.example.com/paperclip:1",
    imagePullSecrets: [{ name: "registry" }],
    dnsPolicy: "ClusterFirst",
    dnsConfig: { options: [{ name: "ndots", value: "2" }] },
    sharedVolume: { claimName: "paperclip-data", readOnly: false },
    mounts: [
      {
        volume: { name: "keys", secret: { secretName: "provider-keys" } },
        mounts: [{ name: "keys", mountPath: "/etc/keys", readOnly: true }],
      },
    ],
    env: [
      { name: "NODE_ENV", value: "production" },
      { name: "HTTPS_PROXY", value: "http://proxy.example.com:3128" },
      { name: "ANTHROPIC_API_KEY", valueFrom: { secretKeyRef: { name: "provider-keys", key: "anthropic" } } },
    ],
    envFrom: [{ secretRef: { name: "paperclip-env" } }],
    nodeSelector: { pool: "agents" },
    tolerations: [{ key: "agents", operator: "Exists", effect: "NoSchedule" }],
    ...changes,
  };
}

export interface RequestChanges extends Partial<Omit<JobRequest, "settings">> {
  /** As an agent's config has them. */
  settings?: Record<string, unknown>;
}

export function jobRequest({ settings = {}, policy = noPolicy, ...changes }: RequestChanges = {}): JobRequest {
  return {
    agent: { id: "0b5e0c1e-6a4b-4d6e-9b1c-3f2a1d4c5b6a", name: "Ada" },
    runId: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    companyId: "c0ffee00-0000-4000-8000-000000000001",
    taskId: "ISSUE-12",
    sessionId: "ses_5f2a",
    attempt: 0,
    namespace: "paperclip",
    suspendedBy: "paperclip-7d9f/1",
    settings: parsed(settings, policy),
    policy,
    host: host(),
    command: ["opencode", "run", "--format", "json", "--model", "anthropic/claude-sonnet-4-5"],
    cwd: "/paperclip/work",
    prompt: { kind: "env", parts: ["Say hello."] },
    env: { plain: { PAPERCLIP_RUN_ID: "7c9e6679" }, secret: { PAPERCLIP_API_KEY: "pcp-run-token" } },
    opencodeConfig: '{"permission":{"external_directory":"allow"}}',
    nonce: "0123456789abcdef01",
    discardDatabase: false,
    ...changes,
  };
}

/** The objects of a request whose podTemplate can be merged. */
export function built(changes: RequestChanges = {}): RunObjects {
  const run = buildRunObjects(jobRequest(changes));
  if (run.kind !== "built") throw new Error(run.problems.join("; "));
  return run.objects;
}

export function builtTemplate(changes: RequestChanges = {}) {
  const template = built(changes).job.spec?.template;
  if (!template?.spec) throw new Error("a Job without a pod");
  return { ...template, spec: template.spec };
}

/** What stands wrong in a request's podTemplate. */
export function refusals(changes: RequestChanges): string[] {
  const run = buildRunObjects(jobRequest(changes));
  return run.kind === "refused" ? run.problems : [];
}

/** What a request's pod may not have. */
export function denials(changes: RequestChanges): string[] {
  const run = buildRunObjects(jobRequest(changes));
  if (run.kind === "refused") throw new Error(run.problems.join("; "));
  return run.kind === "denied" ? run.problems : [];
}
