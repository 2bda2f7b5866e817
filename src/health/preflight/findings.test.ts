import { describe, expect, test } from "vitest";
import { failureFinding, preflightFindings } from "./findings.ts";
import type { PreflightFacts, PreflightOutcome } from "./outcome.ts";
import type { PreflightReport } from "./report.ts";

const facts: PreflightFacts = {
  model: "anthropic/claude-sonnet-5",
  image: "paperclip:1",
  apiUrl: "http://paperclip.svc:3100",
  withoutClaim: false,
};

const sound: PreflightReport = {
  opencode: { kind: "version", version: "1.18.33" },
  model: { kind: "listed" },
  api: { kind: "status", status: 200 },
};

const ended = (report: PreflightReport, changes: object = {}): PreflightOutcome => ({
  kind: "ended",
  exitCode: 0,
  outOfMemory: false,
  report,
  said: [],
  ...changes,
});

const find = (outcome: PreflightOutcome, changes: Partial<PreflightFacts> = {}) =>
  preflightFindings(outcome, { ...facts, ...changes });
const codes = (outcome: PreflightOutcome) => find(outcome).map(({ level, code }) => `${level} ${code}`);
const of = (code: string, report: PreflightReport) => find(ended(report)).find((found) => found.code === code);

test("a sound pod is told in full", () => {
  expect(codes(ended(sound))).toEqual([
    "info k8s_preflight_started",
    "info opencode_version",
    "info opencode_model_known",
    "info k8s_api_url_reachable",
  ]);
});

test("what a pod was made without is said", () => {
  expect(find(ended(sound), { withoutClaim: true })[0]?.message).toContain("without the agent's own database claim");
});

const partly: [what: string, part: PreflightReport, found: string][] = [
  ["no opencode", { opencode: { kind: "missing" } }, "error opencode_missing"],
  [
    "an opencode that does not start",
    { opencode: { kind: "failed", exitCode: 126, words: "" } },
    "error opencode_unusable",
  ],
  [
    "an opencode that takes too long",
    { opencode: { kind: "failed", exitCode: 124, words: "" } },
    "warn k8s_preflight_incomplete",
  ],
  ["a list that is killed", { model: { kind: "failed", exitCode: 137, words: "" } }, "error opencode_unusable"],
  [
    "a list that is not had",
    { model: { kind: "failed", exitCode: 1, words: "Error" } },
    "warn opencode_models_unlisted",
  ],
  [
    "a model that is not in it",
    { model: { kind: "unlisted", all: 8, ofProvider: 0, offers: [] } },
    "error opencode_model_unknown",
  ],
  [
    "a model of a provider that lists others",
    { model: { kind: "unlisted", all: 8, ofProvider: 2, offers: ["p/a", "p/b"] } },
    "warn opencode_model_unlisted",
  ],
  ["a status that is none of success", { api: { kind: "status", status: 403 } }, "warn k8s_api_url_refused"],
  ["an address that does not answer", { api: { kind: "failed", words: "" } }, "warn k8s_api_url_unreachable"],
  ["nothing to try it with", { api: { kind: "untested" } }, "warn k8s_api_url_untested"],
];

test.each(partly)("%s", (_, part, found) => {
  const bad = find(ended({ ...sound, ...part })).filter(({ level }) => level !== "info");
  expect(bad.map(({ level, code }) => `${level} ${code}`)).toEqual([found]);
  expect(bad[0]?.hint).toBeTruthy();
});

test("without opencode nothing is missed of the model", () => {
  const { model: _, ...rest } = sound;
  expect(codes(ended({ ...rest, opencode: { kind: "missing" } }))).not.toContain("warn k8s_preflight_incomplete");
});

test("of an unknown model the nearest names of its provider are offered", () => {
  const offers = ["a", "claude-opus-5", "claude-sonnet-4-5", "claude-sonnet-4-6", "b", "c", "d"].map(
    (name) => `anthropic/${name}`,
  );
  const { message } = of("opencode_model_unlisted", {
    ...sound,
    model: { kind: "unlisted", all: 20, ofProvider: 7, offers },
  }) ?? { message: "" };
  expect(message).toMatch(
    /such as anthropic\/claude-sonnet-4-5, anthropic\/claude-sonnet-4-6, anthropic\/claude-opus-5,/,
  );
  expect(message).toContain("Of provider anthropic it lists 7");
});

test("a program that was killed, failed or took too long is told so", () => {
  const failed = (exitCode: number) => of("opencode_unusable", { opencode: { kind: "failed", exitCode, words: "x" } });
  expect(of("opencode_models_unlisted", { model: { kind: "failed", exitCode: 124, words: "" } })?.message).toContain(
    "no answer in time",
  );
  expect(failed(137)).toMatchObject({
    message: expect.stringContaining("memory"),
    hint: expect.stringContaining("limits.memory"),
  });
  expect(failed(127)?.message).toContain("code 127, x");
});

describe("a pod that did not come to its end", () => {
  test("by its time is told for what it had, and what it had not is named", () => {
    const found = find({ kind: "late", report: { api: { kind: "untested" } }, waitedMs: 35_000 });
    expect(found.map(({ code }) => code)).toEqual([
      "k8s_preflight_started",
      "k8s_api_url_untested",
      "k8s_preflight_incomplete",
    ]);
    expect(found.at(-1)?.message).toBe(
      "The agent's pod did not tell within 35 s: OpenCode's version, whether the model is known.",
    );
  });

  test("and had told everything misses nothing", () => {
    expect(codes({ kind: "late", report: sound, waitedMs: 1 })).not.toContain("warn k8s_preflight_incomplete");
  });

  test("as it never started is a warning with what it waits for", () => {
    const [found] = find({ kind: "waiting", why: "a node: 0/1 nodes are available", waitedMs: 35_000 });
    expect(found).toMatchObject({ code: "k8s_preflight_waiting", level: "warn" });
    expect(found?.message).toContain("35 s; still waiting for a node: 0/1 nodes are available");
  });

  test("for lack of memory is told to have more", () => {
    const found = find(ended({}, { exitCode: 137, outOfMemory: true })).at(-1);
    expect(found).toMatchObject({ code: "k8s_preflight_failed", hint: "Raise resources.limits.memory." });
  });

  test("since the launcher gave up is told in its words", () => {
    const said = ["cannot write to /opencode-run"];
    expect(find(ended({}, { exitCode: 70, said })).at(-1)).toMatchObject({
      code: "k8s_preflight_failed",
      message: "The agent's container ended with code 70: cannot write to /opencode-run.",
    });
  });

  test("for any other reason is told without words of something else", () => {
    const found = find(ended({}, { exitCode: 143, said: ["connected again"] })).at(-1);
    expect(found?.message).toBe("The agent's container ended with code 143.");
  });

  test.each([
    ["k8s_image_pull_failed", "error", "imagePullSecrets"],
    ["k8s_quota_exceeded", "error", "quota"],
    ["k8s_admission_refused", "error", "policy"],
    ["k8s_container_config_error", "error", "Create what the message names"],
    ["k8s_pod_evicted", "warn", "Try again"],
    ["k8s_outcome_unknown", "warn", "Try again"],
  ] as const)("for %s is an %s with a hint of that failure's", (code, level, hint) => {
    const found = failureFinding({ code, message: "The cluster's words." });
    expect(found).toMatchObject({ level, message: "The cluster's words.", hint: expect.stringContaining(hint) });
    expect(codes({ kind: "failed", code, message: "", report: {} })).toEqual([`${level} ${found.code}`]);
  });

  test("a config that cannot be read keeps its own code", () => {
    expect(failureFinding({ code: "k8s_config_invalid", message: "" }).code).toBe("k8s_config_invalid");
  });

  test("what was told before the cluster ended it is not lost", () => {
    const outcome: PreflightOutcome = { kind: "failed", code: "k8s_pod_evicted", message: "", report: sound };
    expect(codes(outcome)).toContain("info opencode_version");
  });
});
