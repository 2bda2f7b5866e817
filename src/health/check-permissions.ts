import type { AccessReview } from "../cluster/cluster.ts";
import { permissions } from "../cluster/permissions.ts";
import type { CheckContext } from "./check-context.ts";
import { type Finding, finding } from "./finding.ts";

/** What runs can do without, and what is lost then. All else in the list is needed. */
const optionalPermissions: Readonly<Record<string, string>> = {
  "pods watch": "the state of pods is asked for again and again instead",
  "events list": "messages cannot say in the cluster's words why a pod does not start",
  "namespaces get": "it cannot be told whether a namespace exists",
  "secrets get": "missing Secrets are found only when a pod does not start",
  "persistentvolumeclaims get": "the shared claim cannot be checked",
};

interface Rule {
  group: string;
  resource: string;
  verb: string;
}

/** Asks the cluster about every call in the one list of permissions. */
export async function checkPermissions(site: CheckContext): Promise<Finding[]> {
  const rules = permissions
    .flatMap(({ group, resource, verbs }) => verbs.map((verb): Rule => ({ group, resource, verb })))
    .filter((rule) => isNeeded(rule, site));
  const answers = await Promise.all(rules.map(async (rule) => ({ rule, allowed: await isAllowed(rule, site) })));
  const missing = answers.filter(({ allowed }) => !allowed).map(({ rule }) => missingFinding(rule, site.namespace));
  if (missing.length > 0) return missing;
  return [
    finding("k8s_permissions_granted", `All ${rules.length} permissions are granted in namespace ${site.namespace}.`),
  ];
}

function isNeeded({ resource, verb }: Rule, { settings }: CheckContext): boolean {
  return resource !== "persistentvolumeclaims" || verb !== "create" || settings.agentDbMode === "dedicated_pvc";
}

function missingFinding({ group, resource, verb }: Rule, namespace: string): Finding {
  const what = `Paperclip may not ${verb} ${resource}${group === "" ? "" : ` (${group})`} in namespace ${namespace}`;
  const loss = optionalPermissions[`${resource} ${verb}`];
  return loss === undefined
    ? finding("k8s_permission_missing", `${what}.`)
    : finding("k8s_permission_lacking", `${what}: ${loss}.`);
}

async function isAllowed(
  { group, resource, verb }: Rule,
  { cluster, namespace, signal }: CheckContext,
): Promise<boolean> {
  const [name = "", subresource] = resource.split("/");
  const review: AccessReview = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: {
      resourceAttributes: {
        namespace,
        group,
        verb,
        resource: name,
        ...(subresource === undefined ? {} : { subresource }),
      },
    },
  };
  const { status } = await cluster.create("selfsubjectaccessreviews", review, { signal });
  return status?.allowed === true;
}
