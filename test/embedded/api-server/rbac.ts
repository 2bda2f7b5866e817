import type { PolicyRule, RoleBindingObject } from "./objects.ts";
import type { Store } from "./store.ts";

export interface User {
  name: string;
  groups: readonly string[];
}

export interface Access {
  verb: string;
  group: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
}

/** The rule that allows a call; `rule` is its index in the role. */
export interface Grant {
  role: string;
  rule: number;
  reason: string;
}

/** `roles` maps "Role ns/name" and "ClusterRole name" to their rules, `bindings` are those that count for the namespace. */
export interface Policy {
  bindings: readonly RoleBindingObject[];
  rulesOf(binding: RoleBindingObject): readonly PolicyRule[];
}

export const admins = "system:masters";

/** What the API server's RBAC decides: undefined is a refusal. Members of system:masters may do everything. */
export function decideAccess(user: User, access: Access, policy: Policy): Grant | undefined {
  if (user.groups.includes(admins)) return { role: admins, rule: 0, reason: "" };
  for (const binding of policy.bindings) {
    const subject = binding.subjects?.find((each) => isSubject(each, user, binding.metadata.namespace));
    if (!subject) continue;
    const rule = policy.rulesOf(binding).findIndex((each) => allows(each, access));
    if (rule >= 0) return { role: roleKey(binding), rule, reason: reasonOf(binding, subject) };
  }
  return undefined;
}

/** Bindings of the namespace and of the whole cluster, as they stand now. */
export function policyFor(store: Store, namespace: string): Policy {
  const bindings = [
    ...store.list("clusterrolebindings"),
    ...(namespace ? store.list("rolebindings", namespace) : []),
  ] as RoleBindingObject[];
  return {
    bindings,
    rulesOf: ({ roleRef, metadata }) => {
      const role =
        roleRef.kind === "ClusterRole"
          ? store.get("clusterroles", { namespace: "", name: roleRef.name })
          : store.get("roles", { namespace: metadata.namespace ?? "", name: roleRef.name });
      return role?.rules ?? [];
    },
  };
}

type Subject = NonNullable<RoleBindingObject["subjects"]>[number];

function isSubject(subject: Subject, user: User, bindingNamespace: string | undefined): boolean {
  if (subject.kind === "User") return subject.name === user.name;
  if (subject.kind === "Group") return user.groups.includes(subject.name);
  const namespace = subject.namespace ?? bindingNamespace ?? "";
  return subject.kind === "ServiceAccount" && user.name === `system:serviceaccount:${namespace}:${subject.name}`;
}

export function allows(rule: PolicyRule, access: Access): boolean {
  return (
    has(rule.verbs, access.verb) &&
    has(rule.apiGroups, access.group) &&
    hasResource(rule.resources, access) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(access.name))
  );
}

function has(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes("*") || list.includes(value));
}

/** "pods" does not cover "pods/log" (API: RBAC subresources). */
function hasResource(list: readonly string[] | undefined, { resource, subresource }: Access): boolean {
  if (!subresource) return has(list, resource);
  return has(list, `${resource}/${subresource}`) || list?.includes(`*/${subresource}`) === true;
}

function roleKey({ roleRef, metadata }: RoleBindingObject): string {
  return roleRef.kind === "ClusterRole" ? `ClusterRole ${roleRef.name}` : `Role ${metadata.namespace}/${roleRef.name}`;
}

function reasonOf({ kind, metadata, roleRef }: RoleBindingObject, subject: Subject): string {
  const binding = metadata.namespace ? `${metadata.name}/${metadata.namespace}` : metadata.name;
  const who = subject.namespace ? `${subject.name}/${subject.namespace}` : subject.name;
  return `RBAC: allowed by ${kind} "${binding}" of ${roleRef.kind} "${roleRef.name}" to ${subject.kind} "${who}"`;
}

/** The words that follow "is forbidden: ". */
export function refusalText(user: User, { verb, group, resource, subresource, namespace }: Access): string {
  const what = subresource ? `${resource}/${subresource}` : resource;
  const where = namespace ? `in the namespace "${namespace}"` : "at the cluster scope";
  return `User "${user.name}" cannot ${verb} resource "${what}" in API group "${group}" ${where}`;
}
