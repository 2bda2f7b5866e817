import type { JsonObject } from "../lib/json-object.ts";
import { present } from "../lib/present.ts";
import { objectsAt, textAt, textsAt } from "./read-context.ts";

/** What woke the agent, under the names that Paperclip's skills read. */
export function buildWakeEnv(context: JsonObject): Record<string, string> {
  const linked = textsAt(context, "issueIds").join(",");
  return present({
    PAPERCLIP_TASK_ID: textAt(context, "taskId", "issueId"),
    PAPERCLIP_WAKE_REASON: textAt(context, "wakeReason"),
    PAPERCLIP_WAKE_COMMENT_ID: textAt(context, "wakeCommentId", "commentId"),
    PAPERCLIP_APPROVAL_ID: textAt(context, "approvalId"),
    PAPERCLIP_APPROVAL_STATUS: textAt(context, "approvalStatus"),
    PAPERCLIP_LINKED_ISSUE_IDS: linked === "" ? undefined : linked,
  });
}

/** The services that Paperclip started beside the task's workspace. */
export function buildServicesEnv(context: JsonObject): Record<string, string> {
  return present({
    PAPERCLIP_RUNTIME_SERVICE_INTENTS_JSON: json(objectsAt(context, "paperclipRuntimeServiceIntents")),
    PAPERCLIP_RUNTIME_SERVICES_JSON: json(objectsAt(context, "paperclipRuntimeServices")),
    PAPERCLIP_RUNTIME_PRIMARY_URL: textAt(context, "paperclipRuntimePrimaryUrl"),
  });
}

function json(objects: readonly JsonObject[]): string | undefined {
  return objects.length === 0 ? undefined : JSON.stringify(objects);
}
