import { expect } from "vitest";
import { type Bench, type ContractCase, until } from "./bench.ts";
import { shellJob, shellPod, shellSpec, untilEvent } from "./workloads.ts";

const review = (attributes: object) => ({
  apiVersion: "authorization.k8s.io/v1",
  kind: "SelfSubjectAccessReview",
  spec: { resourceAttributes: attributes },
});

const reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

async function bind(bench: Bench, serviceAccount: string, rules: object[]): Promise<void> {
  const root = `/apis/rbac.authorization.k8s.io/v1/namespaces/${bench.namespace}`;
  await bench.http("POST", `${root}/roles`, { body: { metadata: { name: "role" }, rules } });
  await bench.http("POST", `${root}/rolebindings`, {
    body: {
      metadata: { name: "binding" },
      subjects: [{ kind: "ServiceAccount", name: serviceAccount, namespace: bench.namespace }],
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "role" },
    },
  });
}

function enforce(bench: Bench): Promise<unknown> {
  return bench.http("PATCH", `/api/v1/namespaces/${bench.namespace}`, {
    body: { metadata: { labels: { "pod-security.kubernetes.io/enforce": "restricted" } } },
    contentType: "application/merge-patch+json",
  });
}

/** Who may do what, and what admission refuses. */
export const accessCases: ContractCase[] = [
  {
    name: "an unknown token is 401",
    async run(bench) {
      const answer = await bench.http("GET", `/api/v1/namespaces/${bench.namespace}/pods`, { token: "wrong" });
      expect(answer).toMatchObject({ status: 401, json: { message: "Unauthorized", reason: "Unauthorized" } });
    },
  },
  {
    name: "without a role every call is 403 and says who may not do what",
    async run(bench) {
      const http = await bench.as("nobody");
      const user = `User "system:serviceaccount:${bench.namespace}:nobody"`;
      const inside = `in the namespace "${bench.namespace}"`;
      const core = `/api/v1/namespaces/${bench.namespace}`;
      const batch = `/apis/batch/v1/namespaces/${bench.namespace}`;
      const said = async (...[method, path, options]: Parameters<typeof http>) => {
        const { status, json } = await http(method, path, options);
        expect([status, json.reason]).toEqual([403, "Forbidden"]);
        return json.message;
      };
      expect(await said("GET", `${core}/pods`)).toBe(
        `pods is forbidden: ${user} cannot list resource "pods" in API group "" ${inside}`,
      );
      expect(await said("GET", `${core}/pods?watch=1`)).toBe(
        `pods is forbidden: ${user} cannot watch resource "pods" in API group "" ${inside}`,
      );
      expect(await said("GET", `${core}/pods/x/log`)).toBe(
        `pods "x" is forbidden: ${user} cannot get resource "pods/log" in API group "" ${inside}`,
      );
      expect(await said("POST", `${batch}/jobs`, { body: shellJob(bench, "true") })).toBe(
        `jobs.batch is forbidden: ${user} cannot create resource "jobs" in API group "batch" ${inside}`,
      );
      expect(await said("DELETE", `${batch}/jobs/j`)).toBe(
        `jobs.batch "j" is forbidden: ${user} cannot delete resource "jobs" in API group "batch" ${inside}`,
      );
      expect(await said("GET", core)).toBe(
        `namespaces "${bench.namespace}" is forbidden: ${user} cannot get resource "namespaces" in API group "" ${inside}`,
      );
      expect(await said("GET", "/api/v1/namespaces")).toBe(
        `namespaces is forbidden: ${user} cannot list resource "namespaces" in API group "" at the cluster scope`,
      );
    },
  },
  {
    name: "a role gives its verbs on its resources, and subresources only by name",
    async run(bench) {
      const http = await bench.as("runner");
      await bind(bench, "runner", [{ verbs: ["get", "list"], apiGroups: [""], resources: ["pods"] }]);
      const core = `/api/v1/namespaces/${bench.namespace}`;
      await until("the role takes effect", bench, async () => {
        const { status } = await http("GET", `${core}/pods`);
        return status === 200 ? true : undefined;
      });
      expect((await http("GET", `${core}/pods/x`)).status).toBe(404);
      expect((await http("GET", `${core}/pods/x/log`)).status).toBe(403);
      expect((await http("DELETE", `${core}/pods/x`)).status).toBe(403);
      expect((await http("GET", `${core}/secrets`)).status).toBe(403);
    },
  },
  {
    name: "a SelfSubjectAccessReview tells what a role allows",
    async run(bench) {
      const http = await bench.as("asker");
      const attributes = { verb: "create", group: "batch", resource: "jobs", namespace: bench.namespace };
      const denied = await http("POST", reviews, { body: review(attributes) });
      expect(denied).toMatchObject({ status: 201, json: { status: { allowed: false } } });
      await bind(bench, "asker", [{ verbs: ["create"], apiGroups: ["batch"], resources: ["jobs"] }]);
      const allowed = await until("the role takes effect", bench, async () => {
        const { json } = await http("POST", reviews, { body: review(attributes) });
        return (json.status as { allowed: boolean }).allowed ? json : undefined;
      });
      const { namespace } = bench;
      expect(allowed.status).toEqual({
        allowed: true,
        reason: `RBAC: allowed by RoleBinding "binding/${namespace}" of Role "role" to ServiceAccount "asker/${namespace}"`,
      });
      const log = await http("POST", reviews, { body: review({ ...attributes, subresource: "status" }) });
      expect(log.json.status).toMatchObject({ allowed: false });
    },
  },
  {
    name: "Pod Security restricted refuses a pod with every reason",
    async run(bench) {
      await enforce(bench);
      const answer = await bench.http("POST", `/api/v1/namespaces/${bench.namespace}/pods`, {
        body: shellPod(bench, "true", { name: "loose" }),
      });
      expect(answer).toMatchObject({
        status: 403,
        json: {
          reason: "Forbidden",
          message:
            'pods "loose" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "main" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "main" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "main" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "main" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
        },
      });
    },
  },
  {
    name: "Pod Security restricted names each host, root, volume and capability fault",
    async run(bench) {
      await enforce(bench);
      const spec = shellSpec("true", {
        spec: {
          hostNetwork: true,
          securityContext: { runAsUser: 0 },
          volumes: [{ name: "host", hostPath: { path: "/" } }],
        },
        container: { securityContext: { privileged: true, capabilities: { add: ["SYS_ADMIN"] } } },
      });
      const body = { metadata: { name: "loose" }, spec };
      const { json } = await bench.http("POST", `/api/v1/namespaces/${bench.namespace}/pods`, { body });
      for (const part of [
        "host namespaces (hostNetwork=true)",
        'privileged (container "main" must not set securityContext.privileged=true)',
        'unrestricted capabilities (container "main" must set securityContext.capabilities.drop=["ALL"]; container "main" must not include "SYS_ADMIN" in securityContext.capabilities.add)',
        'restricted volume types (volume "host" uses restricted volume type "hostPath")',
        "runAsUser=0 (pod must not set runAsUser=0)",
      ]) {
        expect(json.message).toContain(part);
      }
    },
  },
  {
    name: "Pod Security lets a Job in and refuses its pod, which an event tells",
    async run(bench) {
      await enforce(bench);
      const job = await bench.cluster.create("jobs", shellJob(bench, "true"), bench);
      const event = await untilEvent(bench, job, "FailedCreate");
      expect(event).toMatchObject({ type: "Warning", involvedObject: { kind: "Job" } });
      expect(event.message).toMatch(
        /^Error creating: pods "job-\w+-\w{5}" is forbidden: violates PodSecurity "restricted:latest": /,
      );
    },
  },
  {
    name: "a quota on pods refuses the Job's pod, which an event tells",
    async run(bench) {
      const quota = { metadata: { name: "none" }, spec: { hard: { pods: "0" } } };
      await bench.http("POST", `/api/v1/namespaces/${bench.namespace}/resourcequotas`, { body: quota });
      // The real quota admission knows a new quota once its controller has counted.
      await until("the quota holds", bench, async () => {
        const path = `/api/v1/namespaces/${bench.namespace}/pods?dryRun=All`;
        const { status } = await bench.http("POST", path, { body: shellPod(bench, "true") });
        return status === 403 ? true : undefined;
      });
      const job = await bench.cluster.create("jobs", shellJob(bench, "true"), bench);
      const event = await untilEvent(bench, job, "FailedCreate");
      expect(event.message).toMatch(
        /^Error creating: pods "job-\w+-\w{5}" is forbidden: exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0$/,
      );
    },
  },
  {
    name: "a namespace that is being deleted takes nothing new",
    async run(bench) {
      const core = `/api/v1/namespaces/${bench.namespace}`;
      const held = { metadata: { name: "held", finalizers: ["contract.test/hold"] } };
      await bench.http("POST", `${core}/configmaps`, { body: held });
      await bench.http("DELETE", core);
      const late = await bench.http("POST", `${core}/secrets`, { body: { metadata: { name: "late" } } });
      await bench.http("PATCH", `${core}/configmaps/held`, {
        body: { metadata: { finalizers: null } },
        contentType: "application/merge-patch+json",
      });
      expect(late).toMatchObject({
        status: 403,
        json: {
          message: `secrets "late" is forbidden: unable to create new content in namespace ${bench.namespace} because it is being terminated`,
          details: { causes: [{ reason: "NamespaceTerminating" }] },
        },
      });
    },
  },
];
