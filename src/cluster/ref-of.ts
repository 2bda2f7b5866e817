import type { Ref } from "./cluster.ts";

/** Where an object stands. Every object that the API gave or that this program made has both fields. */
export function refOf({ metadata }: { metadata?: { namespace?: string; name?: string } }): Ref {
  return { namespace: metadata?.namespace ?? "", name: metadata?.name ?? "" };
}
