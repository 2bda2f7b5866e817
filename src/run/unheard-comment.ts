import type { Job } from "../cluster/cluster.ts";
import { containerName } from "../job/names.ts";
import { textAt } from "../prompt/read-context.ts";

/** Whether a run was woken by a comment that the agent in a Job of another run has not been told of. */
export function hasUnheardComment(context: Readonly<Record<string, unknown>>, job: Job): boolean {
  const comment = textAt(context, "wakeCommentId", "commentId");
  if (comment === undefined) return false;
  const agent = job.spec?.template?.spec?.containers.find(({ name }) => name === containerName);
  return agent?.env?.find(({ name }) => name === "PAPERCLIP_WAKE_COMMENT_ID")?.value !== comment;
}
