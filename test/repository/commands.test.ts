import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { failures } from "../../src/failure/failure.ts";
import { databaseClaimPrefix } from "../../src/job/names.ts";
import { savedDatabasesPath } from "../../src/job/paths.ts";
import { built } from "../support/job-request.ts";

const root = join(import.meta.dirname, "../..");
const read = (page: string) => readFileSync(join(root, page), "utf8");
const pages = ["README.md", "docs/operations.md", "docs/troubleshooting.md"];

/** Labels of all that a run makes, claim and prompt included. */
function madeLabels(): Record<string, string>[] {
  const { job, secrets, claim } = built({
    settings: { agentDbMode: "dedicated_pvc" },
    prompt: { kind: "secret", secrets: [[Buffer.from("x")]] },
  });
  const all = [
    job.metadata,
    job.spec?.template.metadata,
    claim?.metadata,
    ...secrets({ name: "j", uid: "u" }).map(({ metadata }) => metadata),
  ];
  return all.map((metadata) => metadata?.labels ?? {});
}

describe.each(pages)("the commands of %s", (page) => {
  const selectors = [...read(page).matchAll(/ -l (\S+)/g)].map(([, selector = ""]) => selector.replace(/`.*/, ""));

  test("select by labels that objects of a run have", () => {
    expect(selectors.length).toBeGreaterThan(0);
    for (const selector of selectors) {
      const wanted = selector.split(",").map((part) => part.split("="));
      const fits = madeLabels().some((labels) =>
        // AGENT and RUN stand for the reader's own.
        wanted.every(([key = "", value = ""]) => (/^[A-Z]+$/.test(value) ? key in labels : labels[key] === value)),
      );
      expect(fits, selector).toBe(true);
    }
  });
});

test("what stays behind is named, with how to remove it", () => {
  const [, uninstall = ""] = read("docs/operations.md").split("## Uninstall");
  for (const remains of [savedDatabasesPath, databaseClaimPrefix, "delete pvc", "-k examples/overlays/existing"]) {
    expect(uninstall).toContain(remains);
  }
  expect(uninstall).toContain("**Not** `-k examples/base`");
  for (const remains of [savedDatabasesPath, databaseClaimPrefix]) expect(read("README.md")).toContain(remains);
});

test("troubleshooting names codes that runs end with", () => {
  const text = read("docs/troubleshooting.md");
  const named = [...text.matchAll(/\b(?:k8s|opencode)_[a-z_]+\b/g)].map(([code]) => code);
  const codes = failures.map(({ code }): string => code);
  expect(new Set(named).size).toBeGreaterThan(10);
  // An adapter's type.
  expect(named.filter((code) => !codes.includes(code) && code !== "opencode_k8s")).toEqual([]);
});
