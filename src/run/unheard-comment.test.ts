import { expect, test } from "vitest";
import { job } from "../../test/support/run-parts.ts";
import { hasUnheardComment } from "./unheard-comment.ts";

function jobWokenBy(comment: string | undefined) {
  const woken = job();
  const [agent] = woken.spec?.template?.spec?.containers ?? [];
  if (agent && comment) agent.env = [{ name: "PAPERCLIP_WAKE_COMMENT_ID", value: comment }];
  return woken;
}

test.each([
  { what: "a comment that came after the Job", context: { wakeCommentId: "c2" }, ofJob: "c1", unheard: true },
  { what: "the first comment", context: { wakeCommentId: "c1" }, ofJob: undefined, unheard: true },
  { what: "the comment that the Job was made for", context: { commentId: "c1" }, ofJob: "c1", unheard: false },
  { what: "no comment", context: {}, ofJob: "c1", unheard: false },
])("$what", ({ context, ofJob, unheard }) => {
  expect(hasUnheardComment(context, jobWokenBy(ofJob))).toBe(unheard);
});
