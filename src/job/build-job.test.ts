import { describe, expect, test } from "vitest";
import { built, builtTemplate, host, jobRequest, type RequestChanges } from "../../test/support/job-request.ts";
import { seeded, textOf } from "../../test/support/random.ts";
import { queueLabel } from "./build-job.ts";

const owner = { name: "agent-opencode-1", uid: "uid-1" };

function jobOf(changes: RequestChanges = {}) {
  const { job } = built(changes);
  if (!job.spec?.template.spec || !job.metadata) throw new Error("a Job without a pod");
  return { metadata: job.metadata, spec: job.spec, pod: job.spec.template.spec };
}

describe("the Job", () => {
  test("runs once, is held back until its Secret is there, and says who prepares it", () => {
    const { metadata, spec } = jobOf();
    expect(spec).toMatchObject({ backoffLimit: 0, suspend: true });
    expect(metadata.annotations).toMatchObject({ "paperclip.io/suspended-by": "paperclip-7d9f/1" });
    expect(metadata.annotations).toMatchObject({ "paperclip.io/output-nonce": "0123456789abcdef01" });
  });

  test("carries every documented label, and its pod the same", () => {
    const { metadata, spec } = jobOf({ settings: { labels: "team=blue" } });
    expect(metadata.labels).toEqual({
      "app.kubernetes.io/managed-by": "paperclip",
      "app.kubernetes.io/component": "agent-job",
      "paperclip.io/adapter-type": "opencode_k8s",
      "paperclip.io/agent-id": jobRequest().agent.id,
      "paperclip.io/run-id": jobRequest().runId,
      "paperclip.io/company-id": jobRequest().companyId,
      "paperclip.io/task-id": "ISSUE-12",
      "paperclip.io/session-id": "ses_5f2a",
      team: "blue",
    });
    expect(spec.template.metadata?.labels).toEqual(metadata.labels);
  });

  test("without a task or a session has no label for it, not an empty one", () => {
    const { labels = {} } = jobOf({ taskId: undefined, sessionId: undefined }).metadata;
    expect(Object.keys(labels)).not.toContain("paperclip.io/task-id");
    expect(Object.keys(labels)).not.toContain("paperclip.io/session-id");
  });

  test("of a queue is not held back by us, and carries the queue's label", () => {
    const { metadata, spec } = jobOf({ settings: { labels: `${queueLabel}=agents` } });
    expect(spec.suspend).toBeUndefined();
    expect(metadata.labels).toMatchObject({ [queueLabel]: "agents" });
    expect(metadata.annotations).not.toHaveProperty("paperclip.io/suspended-by");
  });

  test("is removed by Kubernetes after its time to live; a retained one never is", () => {
    expect(jobOf().spec.ttlSecondsAfterFinished).toBe(300);
    expect(jobOf({ settings: { ttlSecondsAfterFinished: 60 } }).spec.ttlSecondsAfterFinished).toBe(60);
    expect(jobOf({ settings: { retainJobs: true } }).spec).not.toHaveProperty("ttlSecondsAfterFinished");
  });
});

describe("the time of a pod", () => {
  test("runs without a timeout were killed at 30 s: they have no deadline at all", () => {
    expect(jobOf().pod).not.toHaveProperty("activeDeadlineSeconds");
  });

  test("has a deadline behind our own timer, on the pod: a Job's deadline would delete pod and log", () => {
    const { pod, spec } = jobOf({ settings: { timeoutSec: 600, graceSec: 20 } });
    expect(pod.activeDeadlineSeconds).toBeGreaterThan(620);
    expect(spec).not.toHaveProperty("activeDeadlineSeconds");
  });

  test("to end by itself is the grace period", () => {
    expect(jobOf({ settings: { graceSec: 45 } }).pod.terminationGracePeriodSeconds).toBe(45);
  });
});

describe("security", () => {
  test("every container fits the Pod Security level restricted", () => {
    const { pod } = jobOf({ prompt: { kind: "secret", secrets: [[Buffer.from("x")]] } });
    expect(pod.securityContext?.seccompProfile).toEqual({ type: "RuntimeDefault" });
    const containers = [...pod.containers, ...(pod.initContainers ?? [])];
    expect(containers).toHaveLength(2);
    for (const { securityContext } of containers) {
      expect(securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        runAsNonRoot: true,
        runAsUser: 1000,
      });
    }
  });

  test("fsGroup on a large volume was a recursive chown at each mount: it is changed only where the root differs", () => {
    expect(jobOf().pod.securityContext?.fsGroupChangePolicy).toBe("OnRootMismatch");
  });

  test("no token of a service account is mounted unless one is named", () => {
    expect(jobOf().pod.automountServiceAccountToken).toBe(false);
    const named = jobOf({ settings: { serviceAccountName: "agents" } }).pod;
    expect(named.serviceAccountName).toBe("agents");
    expect(named).not.toHaveProperty("automountServiceAccountToken");
  });

  test("every container has requests and limits, which a quota may demand", () => {
    const { pod } = jobOf({ prompt: { kind: "secret", secrets: [[Buffer.from("x")]] } });
    for (const { resources } of [...pod.containers, ...(pod.initContainers ?? [])]) {
      for (const part of [resources?.requests, resources?.limits]) {
        expect(part).toMatchObject({ cpu: expect.any(String), memory: expect.any(String) });
      }
    }
  });
});

describe("what is inherited", () => {
  test("image, pull secrets, DNS, placement and mounts of Paperclip's own pod", () => {
    const { pod } = jobOf();
    expect(pod.containers[0]?.image).toBe("registry.example.com/paperclip:1");
    expect(pod).toMatchObject({
      imagePullSecrets: [{ name: "registry" }],
      dnsPolicy: "ClusterFirst",
      nodeSelector: { "kubernetes.io/os": "linux", pool: "agents" },
      tolerations: [{ key: "agents", operator: "Exists", effect: "NoSchedule" }],
    });
    expect(pod.containers[0]?.volumeMounts).toContainEqual({ name: "keys", mountPath: "/etc/keys", readOnly: true });
    expect(pod.containers[0]?.envFrom).toEqual([{ secretRef: { name: "paperclip-env" } }]);
  });

  test("Jobs did not follow the server's placement: the agent's own settings replace it, even with none", () => {
    const own = jobOf({
      settings: { nodeSelector: "gpu=yes", tolerations: '[{"key":"gpu","operator":"Exists"}]' },
    }).pod;
    expect(own.nodeSelector).toEqual({ "kubernetes.io/os": "linux", gpu: "yes" });
    expect(own.tolerations).toEqual([{ key: "gpu", operator: "Exists" }]);
    const none = jobOf({ settings: { nodeSelector: "{}", tolerations: "[]" } }).pod;
    expect(none).not.toHaveProperty("nodeSelector");
    expect(none).not.toHaveProperty("tolerations");
  });

  test("outside a cluster nothing, and the agent's own image", () => {
    const { pod } = jobOf({ host: undefined, settings: { image: "agent:1" } });
    expect(pod.containers[0]?.image).toBe("agent:1");
    for (const field of ["imagePullSecrets", "dnsPolicy", "dnsConfig", "tolerations"]) {
      expect(pod).not.toHaveProperty(field);
    }
    expect(pod.volumes).toEqual([{ name: "opencode-run", emptyDir: { sizeLimit: "20Gi" } }]);
  });

  test("a projected volume's word on resources is about the agent's container: the kubelet mounts no other", () => {
    const item = (containerName: string) => ({
      path: "memory",
      resourceFieldRef: { containerName, resource: "limits.memory" },
    });
    const labels = { path: "labels", fieldRef: { fieldPath: "metadata.labels" } };
    const sources = [{ secret: { name: "git" } }, { downwardAPI: { items: [item("paperclip"), labels] } }];
    const volume = { name: "mixed", projected: { sources } };
    const { pod } = jobOf({ host: host({ mounts: [{ volume, mounts: [{ name: "mixed", mountPath: "/mixed" }] }] }) });
    expect(pod.volumes?.find(({ name }) => name === "mixed")?.projected?.sources).toEqual([
      { secret: { name: "git" } },
      { downwardAPI: { items: [item("opencode"), labels] } },
    ]);
  });

  test("the image's pull policy is left to Kubernetes unless it is set", () => {
    expect(jobOf().pod.containers[0]).not.toHaveProperty("imagePullPolicy");
    expect(jobOf({ settings: { imagePullPolicy: "Always" } }).pod.containers[0]?.imagePullPolicy).toBe("Always");
  });
});

describe("the agent's container", () => {
  test("a working directory made by the kubelet belonged to root: the container starts in one that is mounted", () => {
    const { pod } = jobOf();
    const [agent] = pod.containers;
    expect(agent?.volumeMounts?.map(({ mountPath }) => mountPath)).toContain(agent?.workingDir);
  });

  test("an argument with $( in it arrives as written", () => {
    const { pod } = jobOf({ command: ["opencode", "run", "$(HOME)"] });
    expect(pod.containers[0]?.args).toEqual(["opencode", "run", "$$(HOME)"]);
  });

  test("does not see the Services of the namespace as variables", () => {
    expect(jobOf().pod.enableServiceLinks).toBe(false);
  });

  test("mounts only volumes that there are, each name once, whatever Paperclip calls its own", () => {
    const volume = { name: "opencode-run", secret: { secretName: "provider-keys" } };
    const changes: RequestChanges = {
      host: host({ mounts: [{ volume, mounts: [{ name: "opencode-run", mountPath: "/etc/keys" }] }] }),
      settings: { agentDbMode: "dedicated_pvc" },
      prompt: { kind: "secret", secrets: [[Buffer.from("x")]] },
    };
    const { pod } = jobOf(changes);
    const names = pod.volumes?.map(({ name }) => name) ?? [];
    expect(new Set(names).size).toBe(names.length);
    for (const { volumeMounts = [] } of [...pod.containers, ...(pod.initContainers ?? [])]) {
      for (const { name } of volumeMounts) expect(names).toContain(name);
      expect(new Set(volumeMounts.map(({ mountPath }) => mountPath)).size).toBe(volumeMounts.length);
    }
  });
});

describe("the agent's database", () => {
  test("is on a volume of the pod alone in ephemeral mode, never on the shared one", () => {
    const { claim } = built();
    expect(claim).toBeUndefined();
    expect(builtTemplate().spec.volumes?.map(({ name }) => name)).not.toContain("opencode-db");
  });

  test("a claim for one node left pods stuck on others: the claim is ReadWriteMany, named after the agent", () => {
    const { claim } = built({ settings: { agentDbMode: "dedicated_pvc", agentDbStorageClass: "nfs" } });
    expect(claim).toMatchObject({
      metadata: { name: `opencode-db-${jobRequest().agent.id}`, namespace: "paperclip" },
      spec: { accessModes: ["ReadWriteMany"], storageClassName: "nfs", resources: { requests: { storage: "10Gi" } } },
    });
    expect(claim?.metadata).not.toHaveProperty("ownerReferences");
  });

  test("takes the cluster's default class when none is set", () => {
    expect(built({ settings: { agentDbMode: "dedicated_pvc" } }).claim?.spec).not.toHaveProperty("storageClassName");
  });
});

describe("Secrets", () => {
  test("thousands of them leaked: each is owned by the Job and goes with it", () => {
    const prompt = { kind: "secret", secrets: [[Buffer.from("a")], [Buffer.from("b")]] } as const;
    const secrets = built({ prompt }).secrets(owner);
    expect(secrets.map(({ metadata }) => metadata?.name)).toEqual([
      "agent-opencode-1-env",
      "agent-opencode-1-prompt-0",
      "agent-opencode-1-prompt-1",
    ]);
    for (const { metadata, immutable } of secrets) {
      expect(metadata?.ownerReferences).toEqual([{ apiVersion: "batch/v1", kind: "Job", ...owner }]);
      expect(immutable).toBe(true);
    }
  });

  test("a prompt in the environment needs no init container and no Secret of its own", () => {
    const { job, secrets } = built();
    expect(job.spec?.template.spec).not.toHaveProperty("initContainers");
    expect(secrets(owner)).toHaveLength(1);
  });

  test("a prompt over several Secrets is joined in order, byte for byte", () => {
    const bytes = Array.from({ length: 18 }, (_, index) => Buffer.from([index, 0, 255, 10]));
    const secrets = [bytes.slice(0, 7), bytes.slice(7, 8), bytes.slice(8)];
    const objects = built({ prompt: { kind: "secret", secrets } });
    const parts = objects
      .secrets(owner)
      .slice(1)
      .flatMap(({ data = {} }) => Object.entries(data));
    const names = parts.map(([name]) => name);
    expect(names).toEqual(names.toSorted());
    expect(Buffer.concat(parts.map(([, value]) => Buffer.from(value, "base64")))).toEqual(Buffer.concat(bytes));
    const sources = objects.job.spec?.template.spec?.volumes?.find(({ projected }) => projected)?.projected?.sources;
    expect(sources).toHaveLength(3);
  });

  test("agents dumped keys from the pod's spec: no secret value stands in the Job", () => {
    const random = seeded(3);
    const pieces = ["k", "9", "$", "(", ")", '"', "\\", "/", "é", "Q"];
    for (let round = 0; round < 200; round++) {
      const secret = (tag: string) => `${tag}-${round}-${textOf(pieces, 20, random)}`;
      const values = [secret("own"), secret("inherited"), secret("config")];
      const [own = "", inherited = "", config = ""] = values;
      const { job, secrets } = built({
        env: { plain: { A: "1" }, secret: { GITHUB: own } },
        host: host({ env: [{ name: "SOME_API_KEY", value: inherited.replaceAll("$", "$$$$") }] }),
        opencodeConfig: config,
      });
      const json = JSON.stringify(job);
      for (const value of values) {
        expect(json).not.toContain(JSON.stringify(value).slice(1, -1));
        expect(json).not.toContain(JSON.stringify(value.replaceAll("$", "$$$$")).slice(1, -1));
      }
      const { data = {} } = secrets(owner)[0] ?? {};
      const decoded = Object.values(data).map((value) => Buffer.from(value, "base64").toString());
      for (const value of values) expect(decoded).toContain(value);
    }
  });
});
