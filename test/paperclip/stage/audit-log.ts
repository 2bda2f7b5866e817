import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { clusterDir } from "./kubectl.ts";

/** One request as the API server's audit log has it. */
interface AuditedCall {
  verb: string;
  group: string;
  /** With its subresource: `pods/log`. */
  resource: string;
  namespace: string;
  status: number;
  uri: string;
}

interface AuditEvent {
  auditID: string;
  verb: string;
  requestURI: string;
  user: { username: string };
  objectRef?: { apiGroup?: string; resource?: string; subresource?: string; namespace?: string };
  responseStatus?: { code?: number };
}

export interface AuditLog {
  /** What this user asked for since the log was opened, each request once. */
  callsOf(user: string): Promise<AuditedCall[]>;
}

/** Reads the API server's audit log from its present end on. */
export async function openAuditLog(): Promise<AuditLog> {
  const path = join(clusterDir, "logs", "audit.log");
  const { size: from } = await stat(path);
  return {
    async callsOf(user) {
      const file = await open(path);
      try {
        // A watch or a log that is followed has a line when it starts and one when it ends.
        const calls = new Map<string, AuditedCall>();
        for await (const line of file.readLines({ start: from })) {
          if (!line.includes(user)) continue;
          const event = JSON.parse(line) as AuditEvent;
          if (event.user.username === user) calls.set(event.auditID, callOf(event));
        }
        return [...calls.values()];
      } finally {
        await file.close();
      }
    },
  };
}

function callOf({ verb, requestURI, objectRef = {}, responseStatus }: AuditEvent): AuditedCall {
  const { apiGroup = "", resource = "", subresource, namespace = "" } = objectRef;
  return {
    verb,
    group: apiGroup,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    namespace,
    status: responseStatus?.code ?? 0,
    uri: requestURI,
  };
}
