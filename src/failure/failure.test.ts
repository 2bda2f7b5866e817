import { expect, test } from "vitest";
import { describeFailure, failures, isRunFailure, RunFailure } from "./failure.ts";

test("every code stands once in the table", () => {
  const codes = failures.map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
});

test.each(failures)("$code says in sentences what it means and what to do", ({ code, meaning, hint }) => {
  expect(code).toMatch(
    /^(k8s_|opencode_|workspace_validation_failed$|cancelled$|timeout$|inactivity_timeout$)[a-z_]*$/,
  );
  for (const text of [meaning, hint]) expect(text).toMatch(/^[A-Z].*\.$/);
});

test("a failure takes hint and family from the table", () => {
  const failure = new RunFailure("k8s_pod_evicted", "The node was low on memory");
  expect(failure).toMatchObject({
    name: "RunFailure",
    code: "k8s_pod_evicted",
    message: "The node was low on memory",
    family: "transient_upstream",
    hint: describeFailure("k8s_pod_evicted").hint,
  });
  expect(failure.retryNotBefore).toBeUndefined();
});

test("what the thrower knows better replaces the table", () => {
  const retryNotBefore = new Date("2026-01-01T00:00:00Z");
  const cause = new Error("429");
  const failure = new RunFailure("opencode_provider_quota", "Too many requests", {
    hint: "Wait until midnight.",
    family: null,
    retryNotBefore,
    cause,
  });
  expect(failure).toMatchObject({ hint: "Wait until midnight.", retryNotBefore, cause });
  expect(failure.family).toBeUndefined();
});

test("a failure is told from other errors, and by its code", () => {
  const failure = new RunFailure("timeout", "Too long");
  expect(isRunFailure(failure)).toBe(true);
  expect(isRunFailure(failure, "cancelled", "timeout")).toBe(true);
  expect(isRunFailure(failure, "cancelled")).toBe(false);
  expect(isRunFailure(new Error("Too long"))).toBe(false);
});
