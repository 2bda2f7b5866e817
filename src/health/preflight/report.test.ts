import { expect, test } from "vitest";
import { readPreflightReport } from "./report.ts";

const read = (...lines: string[]) => readPreflightReport(lines.map((line) => `preflight ${line}`));

test("all three parts are read, in whatever order they come", () => {
  expect(read("api status 200", "opencode version 1.18.33", "model listed")).toEqual({
    opencode: { kind: "version", version: "1.18.33" },
    model: { kind: "listed" },
    api: { kind: "status", status: 200 },
  });
});

test("a model that is not listed comes with what is", () => {
  expect(read("model offer a/x", "model offer a/y/z", "model unlisted 9 2").model).toEqual({
    kind: "unlisted",
    all: 9,
    ofProvider: 2,
    offers: ["a/x", "a/y/z"],
  });
});

test("failures come with a code, and with words where there are any", () => {
  expect(read("opencode failed 127 sh: opencode: not found ").opencode).toEqual({
    kind: "failed",
    exitCode: 127,
    words: "sh: opencode: not found",
  });
  expect(read("model failed 124 ").model).toEqual({ kind: "failed", exitCode: 124, words: "" });
  expect(read("api failed curl: (7) refused").api).toEqual({ kind: "failed", words: "curl: (7) refused" });
  expect(read("opencode missing", "api untested")).toEqual({
    opencode: { kind: "missing" },
    api: { kind: "untested" },
  });
});

test.each([
  "opencode version",
  "opencode missing really",
  "opencode failed",
  "opencode failed soon",
  "model listed twice",
  "model unlisted 9",
  "model unlisted nine 2",
  "api status 000",
  "api status 20",
  "api untested 1",
  "models listed",
  "",
])("%j tells nothing", (line) => {
  expect(read(line)).toEqual({});
});

test("what does not begin as a result is none", () => {
  expect(readPreflightReport(["model listed", " preflight model listed", "Notice: preflight model listed"])).toEqual(
    {},
  );
});

test("words and offers of an image are bounded, and nothing in them is obeyed by a terminal", () => {
  const evil = `\u001b[2J\u202e${"x".repeat(100_000)}`;
  const offers = Array.from({ length: 1_000 }, (_, at) => `preflight model offer corp/m${at}`);
  const report = readPreflightReport([
    `preflight opencode failed 1 ${evil}`,
    ...offers,
    "preflight model unlisted 1000 1000",
  ]);
  expect(JSON.stringify(report).length).toBeLessThan(5_000);
  expect(report).toMatchObject({ opencode: { kind: "failed", words: expect.stringMatching(/^x+$/) } });
  expect(report.model?.kind === "unlisted" ? report.model.offers.slice(0, 2) : []).toEqual(["corp/m0", "corp/m1"]);
});
