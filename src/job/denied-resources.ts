import { isQuantity, quantityNanos } from "../config/formats/quantity.ts";
import { type Policy, policyVariable } from "../config/policy/policy.ts";
import type { JsonObject } from "../lib/json-object.ts";
import { child, items } from "./pod-walk.ts";

/** Resources of which a container without a limit takes what the node has. */
const unlimitedWithout: ReadonlySet<string> = new Set(["cpu", "memory", "ephemeral-storage"]);

/** What all containers of a pod together ask for beyond the policy's limits; each problem is a phrase. */
export function deniedResources(spec: JsonObject, { limits }: Pick<Policy, "limits">): string[] {
  return (["requests", "limits"] as const).flatMap((side) =>
    Object.entries(limits.resources?.[side] ?? {}).flatMap(([name, most]) => {
      const found = amountsOf(spec, side, name).filter((amount) => exceeds(amount, most, { side, name }));
      const [first] = found;
      const told = `expected at most ${most} for the whole pod (the operator's policy ${policyVariable})`;
      return first === undefined ? [] : [`spec resources.${side}.${name}: found ${shown(first)}, ${told}`];
    }),
  );
}

/** Amounts that count together; undefined: a container without one. */
type Amounts = readonly unknown[];

/** What runs at the same time counts together; an init container that ends counts alone. */
function amountsOf(spec: JsonObject, side: "requests" | "limits", name: string): Amounts[] {
  const amountIn = (part: JsonObject) => {
    const resources = child(part, "resources");
    return child(resources, side)[name] ?? (side === "requests" ? child(resources, "limits")[name] : undefined);
  };
  const whole = amountIn(spec);
  const init = items(spec, "initContainers");
  const staying = [...items(spec, "containers"), ...init.filter(({ restartPolicy }) => restartPolicy === "Always")];
  const together: Amounts = whole === undefined ? staying.map(amountIn) : [whole];
  const alone = init.filter(({ restartPolicy }) => restartPolicy !== "Always");
  return [together, ...(whole === undefined ? alone.map((container) => [amountIn(container)]) : [])];
}

function exceeds(amounts: Amounts, most: string, { side, name }: { side: string; name: string }): boolean {
  if (side === "limits" && unlimitedWithout.has(name) && amounts.includes(undefined)) return true;
  const given = amounts.filter((amount) => amount !== undefined).map(String);
  if (!given.every(isQuantity)) return true;
  return given.reduce((sum, amount) => sum + quantityNanos(amount), 0n) > quantityNanos(most);
}

function shown(amounts: Amounts): string {
  return amounts.map((amount) => (amount === undefined ? "no limit" : String(amount).slice(0, 40))).join(" + ");
}
