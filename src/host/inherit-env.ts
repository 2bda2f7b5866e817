import type { Pod } from "../cluster/cluster.ts";
import type { EnvVariable } from "./host.ts";

/**
 * The variables that go on to the agent.
 *
 * A literal such as `http://$(POD_IP):3100` means Paperclip's pod, but would be expanded with the agent's own `POD_IP`.
 * So references to facts of the pod (`fieldRef`) are filled in here; other references stay for the kubelet.
 */
export function inheritEnv(
  env: readonly EnvVariable[],
  { pod, isWithheld }: { pod: Pod; isWithheld: (variable: EnvVariable) => boolean },
): EnvVariable[] {
  const facts = new Map<string, string>();
  const inherited: EnvVariable[] = [];
  for (const variable of env) {
    const fact = podFact(pod, variable.valueFrom?.fieldRef?.fieldPath);
    if (fact === undefined) facts.delete(variable.name);
    else facts.set(variable.name, fact);
    if (isWithheld(variable)) continue;
    inherited.push(
      variable.value === undefined ? ofOwnContainer(variable) : { ...variable, value: fillIn(variable.value, facts) },
    );
  }
  return inherited;
}

/** The name of a container of Paperclip's means nothing in the agent's pod; without one it is the variable's own. */
function ofOwnContainer(variable: EnvVariable): EnvVariable {
  const { resourceFieldRef, ...otherSources } = variable.valueFrom ?? {};
  if (resourceFieldRef === undefined) return variable;
  const { containerName: _, ...reference } = resourceFieldRef;
  return { ...variable, valueFrom: { ...otherSources, resourceFieldRef: reference } };
}

/** What the kubelet makes of a text such as `subPathExpr`, as far as literals and facts of the pod tell it. */
export function expand(text: string, env: readonly EnvVariable[], pod: Pod): string {
  const values = new Map<string, string>();
  for (const { name, value, valueFrom } of env) {
    const known =
      value === undefined ? podFact(pod, valueFrom?.fieldRef?.fieldPath) : singleDollars(fillIn(value, values));
    if (known !== undefined) values.set(name, known);
  }
  return singleDollars(fillIn(text, values));
}

function singleDollars(text: string): string {
  return text.replaceAll("$$", "$");
}

/** `$$` comes first, so that an escaped `$$(NAME)` stays as it is. */
function fillIn(value: string, facts: ReadonlyMap<string, string>): string {
  // After the last parenthesis nothing can be a reference, and looking for its end would take the square of the rest.
  const end = value.lastIndexOf(")") + 1;
  const filled = value
    .slice(0, end)
    .replace(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) =>
      name === undefined ? whole : (facts.get(name)?.replaceAll("$", "$$$$") ?? whole),
    );
  return filled + value.slice(end);
}

function podFact(pod: Pod, fieldPath: string | undefined): string | undefined {
  const key = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath ?? "");
  if (key !== null) return (key[1] === "labels" ? pod.metadata?.labels : pod.metadata?.annotations)?.[key[2] ?? ""];
  switch (fieldPath) {
    case "metadata.name":
      return pod.metadata?.name;
    case "metadata.namespace":
      return pod.metadata?.namespace;
    case "metadata.uid":
      return pod.metadata?.uid;
    case "spec.nodeName":
      return pod.spec?.nodeName;
    case "spec.serviceAccountName":
      return pod.spec?.serviceAccountName;
    case "status.podIP":
      return pod.status?.podIP;
    case "status.hostIP":
      return pod.status?.hostIP;
    default:
      return undefined;
  }
}
