import { isQuantity } from "../formats/quantity.ts";

const anyAmount = "an amount as Kubernetes writes it, such as 500m, 2 or 10Gi";

/** What should stand in place of an amount that cannot be meant; undefined when it can be used. */
export function amountExpected(resource: string, text: string): string | undefined {
  if (!isQuantity(text)) return unitExpected(text) ?? anyAmount;
  if (!isOfBytes(resource)) return undefined;
  const small = /^([\d.]+)(n|u|m)$/.exec(text);
  if (small) {
    const [, number, unit] = small;
    return `an amount of bytes: the unit "${unit}" means a fraction of one, use ${number}M or ${number}Mi`;
  }
  // No container starts with less than some MiB, so a bare number has lost its unit.
  const bare = /^(\d+)(\.\d*)?$/.exec(text);
  if (!bare || Number(text) === 0 || Number(text) >= 1024 * 1024) return undefined;
  return `an amount with a unit: "${text}" means bytes, use ${text}Mi or ${text}Gi`;
}

function isOfBytes(resource: string): boolean {
  return ["memory", "storage", "ephemeral-storage"].includes(resource) || resource.startsWith("hugepages-");
}

/** People write `8GB`, `8GiB`, `8g` or `512mb`. */
function unitExpected(text: string): string | undefined {
  const found = /^(\d+(?:\.\d+)?) ?([A-Za-z]{1,3})$/.exec(text);
  if (!found) return undefined;
  const [, number = "", unit = ""] = found;
  const letter = /^([kmgtpe])i?b?$/i.exec(unit)?.[1]?.toUpperCase();
  if (letter === undefined) return undefined;
  return `an amount whose unit Kubernetes knows: "${unit}" is not valid, use ${number}${letter === "K" ? "k" : letter} or ${number}${letter}i`;
}
