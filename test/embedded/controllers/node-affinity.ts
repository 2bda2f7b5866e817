import type { PodObject } from "../api-server/objects.ts";

type Labels = Readonly<Record<string, string>>;

/** Whether a pod's nodeSelector and required node affinity accept a node with these labels. */
export function acceptsNode({ spec }: Pick<PodObject, "spec">, labels: Labels): boolean {
  const selected = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (!selected || terms === undefined) return selected;
  return terms.some(
    ({ matchExpressions = [] }) =>
      matchExpressions.length > 0 && matchExpressions.every((each) => matches(each, labels)),
  );
}

interface Expression {
  key: string;
  operator: string;
  values?: string[];
}

function matches({ key, operator, values = [] }: Expression, labels: Labels): boolean {
  const value = labels[key];
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}
