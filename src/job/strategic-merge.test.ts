import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { builtTemplate, host } from "../../test/support/job-request.ts";
import { patches } from "../../test/support/patches.ts";
import type { JsonObject } from "../lib/json-object.ts";
import { podTemplateRule } from "./merge-pod-template.ts";
import { strategicMerge } from "./strategic-merge.ts";

/** The template, and what `kubectl patch --local --type=strategic` (1.34.4) made of it with each patch. */
interface Recorded {
  template: JsonObject;
  results: Record<string, JsonObject>;
}

const file = join(import.meta.dirname, "../../test/fixtures/kubectl/patched.json");

/** Set to a kubectl command to record anew. */
const kubectl = process.env["KUBECTL"]?.split(" ");

function runKubectl(args: string[]): JsonObject {
  const [command = "", ...first] = kubectl ?? [];
  return JSON.parse(execFileSync(command, [...first, ...args, "-o", "json"], { encoding: "utf8" }));
}

/** As built, without the launcher's text. */
function shortTemplate(): JsonObject {
  const prompt = { kind: "secret", secrets: [[Buffer.from("Say hello.")]] } as const;
  const template = builtTemplate({ prompt, host: host({ envFrom: [] }) });
  const containers = template.spec.containers.map((container) => ({ ...container, command: ["launcher"] }));
  return { ...template, spec: { ...template.spec, containers } };
}

function podTemplateObject(template: unknown) {
  return { apiVersion: "v1", kind: "PodTemplate", metadata: { name: "recorded" }, template };
}

function merged(template: JsonObject, patch: JsonObject): JsonObject {
  const merge = strategicMerge(template, patch, podTemplateRule);
  if (merge.kind === "malformed") throw new Error(merge.problems.join("; "));
  return merge.value;
}

if (kubectl)
  test("records what kubectl does", () => {
    const template = shortTemplate();
    const object = join(mkdtempSync(join(tmpdir(), "patched-")), "object.json");
    writeFileSync(object, JSON.stringify(podTemplateObject(template)));
    const patched = (patch: object) =>
      runKubectl(["patch", "--local", "-f", object, "--type=strategic", "-p", JSON.stringify({ template: patch })])[
        "template"
      ];
    const results = Object.fromEntries(Object.entries(patches).map(([name, patch]) => [name, patched(patch)]));
    const lines = Object.entries(results).map(([name, result]) => `${JSON.stringify(name)}: ${JSON.stringify(result)}`);
    writeFileSync(file, `{"template": ${JSON.stringify(template)},\n"results": {\n${lines.join(",\n")}\n}}\n`);
  });

describe("merges as kubectl does", () => {
  test.each(Object.entries(patches))("%s", (name, patch) => {
    const { template, results }: Recorded = JSON.parse(readFileSync(file, "utf8"));
    expect(merged(template, patch as JsonObject)).toEqual(results[name]);
  });
});
