import type { AccessReview } from "../cluster/cluster.ts";
import { permissions } from "../cluster/permissions.ts";
import type { CheckContext } from "./check-context.ts";
import { type Finding, finding } from "./finding.ts";
import { lossWithout, type Right, ruleOf } from "./missing-right.ts";

/** Asks the cluster about every call in the one list of permissions. */
export async function checkPermissions(site: CheckContext): Promise<Finding[]> {
  const rules = permissions
    .flatMap(({ group, resource, verbs }) => verbs.map((verb): Right => ({ group, resource, verb })))
    .filter((rule) => isNeeded(rule, site));
  const answers = await Promise.all(rules.map(async (rule) => ({ rule, allowed: await isAllowed(rule, site) })));
  const missing = answers.filter(({ allowed }) => !allowed).map(({ rule }) => missingFinding(rule, site));
  if (missing.length > 0) return missing;
  return [
    finding("k8s_permissions_granted", `All ${rules.length} permissions are granted in namespace ${site.namespace}.`),
  ];
}

function isNeeded({ resource, verb }: Right, { settings }: CheckContext): boolean {
  return resource !== "persistentvolumeclaims" || verb !== "create" || settings.agentDbMode === "dedicated_pvc";
}

function missingFinding(right: Right, { namespace, settings }: CheckContext): Finding {
  const { group, resource, verb } = right;
  const what = `Paperclip may not ${verb} ${resource}${group === "" ? "" : ` (${group})`} in namespace ${namespace}`;
  const loss = lossWithout(right, settings.agentDbMode);
  const rule = `add this line to the rules of Paperclip's Role in namespace ${namespace}: ${ruleOf(right)}`;
  return loss === undefined
    ? finding("k8s_permission_missing", `${what}.`, `No run works without it; ${rule}`)
    : finding("k8s_permission_lacking", `${what}: ${loss}.`, `Runs work without it, with less; to mend it ${rule}`);
}

async function isAllowed(
  { group, resource, verb }: Right,
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
