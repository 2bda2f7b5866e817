import { expect, test } from "vitest";
import { apiError } from "../../test/support/memory-cluster.ts";
import { createFailure } from "../failure/create-failure.ts";
import { createWebhookGrace } from "./webhook-grace.ts";

const unanswered = apiError(
  "unavailable",
  'Internal error occurred: failed calling webhook "pods.example.com": timeout',
);
const failing = (error: Error) => () => Promise.reject(error);

test("a webhook that cannot be asked counts as transient at first, and as a refusal with its own code when it stays away", async () => {
  const webhooks = createWebhookGrace(30);
  await expect(webhooks.call(failing(unanswered))).rejects.toBe(unanswered);
  await new Promise((resolve) => setTimeout(resolve, 40));
  const refused = await webhooks.call(failing(unanswered)).catch((error: unknown) => error);
  expect(refused).toMatchObject({ kind: "refused", transient: false });
  expect(createFailure("Job x", "agents", refused)).toMatchObject({ code: "k8s_admission_refused" });
});

test("any other error, and an answer, are given on as they are", async () => {
  const webhooks = createWebhookGrace(0);
  const other = apiError("unavailable");
  await expect(webhooks.call(failing(other))).rejects.toBe(other);
  expect(await webhooks.call(async () => 1)).toBe(1);
});
