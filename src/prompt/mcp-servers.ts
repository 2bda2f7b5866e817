import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import type { JsonObject } from "../lib/json-object.ts";
import { withoutTrailingSlashes } from "../lib/without-trailing-slashes.ts";
import { objectAt, objectsAt, textAt } from "./read-context.ts";

/** A tool server that Paperclip opened for this run. The token is a secret. */
export interface McpServer {
  name: string;
  url: string;
  token: string;
}

/** The run's tool servers, from the context's own list and from the gateways that Paperclip manages; names are unique. */
export function readMcpServers(
  { runtimeMcp, context }: Pick<AdapterExecutionContext, "runtimeMcp" | "context">,
  apiUrl: string,
): McpServer[] {
  const given = (runtimeMcp?.getServers() ?? []).map(({ name, url, token }) => ({ name, url, token }));
  const named = new Map<string, McpServer>();
  for (const server of [...given, ...managedGateways(context, apiUrl)]) {
    named.set(uniqueName(server.name, named), server);
  }
  return [...named].map(([name, server]) => ({ ...server, name }));
}

/** Gateways come with a path below Paperclip's address, outside of `/api`. */
function managedGateways(context: JsonObject, apiUrl: string): McpServer[] {
  const base = withoutTrailingSlashes(apiUrl).replace(/\/api$/, "");
  return objectsAt(objectAt(context, "paperclipManagedMcp"), "gateways").flatMap((gateway) => {
    const name = textAt(gateway, "name");
    const endpointPath = textAt(gateway, "endpointPath");
    const token = textAt(gateway, "bearerToken");
    return name && endpointPath && token ? [{ name, url: `${base}${endpointPath}`, token }] : [];
  });
}

/** Two servers of one name would be one entry in OpenCode's config. */
function uniqueName(name: string, taken: ReadonlyMap<string, unknown>): string {
  let candidate = name;
  for (let number = 2; taken.has(candidate); number += 1) candidate = `${name} ${number}`;
  return candidate;
}
