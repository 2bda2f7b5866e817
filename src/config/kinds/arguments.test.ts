import { describe, expect, test } from "vitest";
import { parsed, problems } from "../../../test/support/parsed.ts";
import { describeProblems } from "../setting-problem.ts";
import { explainRunOption } from "./arguments.ts";

describe("an argument that would break the run is refused", () => {
  test.each([
    "--model x/y",
    "--model=x/y",
    "-m x/y",
    "-mx/y",
    "-m=x/y",
    "-qm x/y",
    "--m x/y",
    "--no-model",
    "--model.x=y",
    "--format default",
    "--format=json",
    "--session ses_1",
    "-s ses_1",
    "-sses_1",
    "--continue",
    "-c",
    "--fork",
    "--attach http://x",
    "--port 4096",
    "--help",
    "-h",
    "--version",
    "-v",
    "-i",
    "--interactive",
    "--agent build, --format default",
  ])("case 15: %s", (extraArgs) => {
    for (const value of [extraArgs, extraArgs.split(/[ ,]+/)]) {
      const told = describeProblems(problems({ extraArgs: value }));
      expect(told).toMatch(/extraArgs\.\d: found "--?\w/);
      expect(told).toContain("arguments without this one");
    }
  });

  test("and the message says what to do instead", () => {
    expect(describeProblems(problems({ extraArgs: "--model x/y" }))).toBe(
      'A setting is not usable. extraArgs.0: found "--model", expected arguments without this one: set the model setting.',
    );
  });
});

test.each([
  "--agent build",
  "--thinking",
  "--variant=high",
  "--file a.md",
  "-f a.md",
  "--title x",
  "--models=a",
  "--print-logs",
  "--log-level DEBUG",
  "--share",
  "-- --model x",
  "-5",
])("any other is taken: %s", (extraArgs) => expect(parsed({ extraArgs }).extraArgs.length).toBeGreaterThan(0));

test("an option is told by its own name, not by what it begins with", () => {
  expect(explainRunOption("--models")).toBeUndefined();
  expect(explainRunOption("--model")).toBe("set the model setting");
  expect(explainRunOption("model")).toBeUndefined();
});
