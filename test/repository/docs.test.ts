import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { blocks } from "../../scripts/docs/blocks.ts";
import { buildConfigPage } from "../../scripts/docs/config-page.ts";
import { buildErrorsPage } from "../../scripts/docs/errors-page.ts";
import { buildPolicyPage, policyExample } from "../../scripts/docs/policy-page.ts";
import { firstDifference, replaceBlocks } from "../../scripts/docs/replace-blocks.ts";
import { allowLists, limitRows, permits } from "../../src/config/policy/policy.ts";
import { failures } from "../../src/failure/failure.ts";
import { serverSecrets } from "../../src/host/server-secrets.ts";
import { containerName } from "../../src/job/names.ts";
import { builtTemplate } from "../support/job-request.ts";
import { parsed, policyOf } from "../support/parsed.ts";

const generators = { a: () => "A $1", b: () => "B\n" };

test("each marked block is replaced, the text around it stays", () => {
  const text = "x\n<!-- generated:a -->\nold\n<!-- /generated -->\ny\n<!-- generated:b -->\n<!-- /generated -->\nz\n";
  const replaced = replaceBlocks(text, generators);
  expect(replaced).toBe(
    "x\n<!-- generated:a -->\n\nA $1\n\n<!-- /generated -->\ny\n<!-- generated:b -->\n\nB\n\n<!-- /generated -->\nz\n",
  );
  expect(replaceBlocks(replaced, generators)).toBe(replaced);
});

test("a block that nobody writes is an error", () => {
  expect(() => replaceBlocks("<!-- generated:c -->\n<!-- /generated -->", generators)).toThrow('"c"; there are a, b');
});

test("a difference is told by its first line", () => {
  expect(firstDifference("a\nb", "a\nb")).toBeUndefined();
  expect(firstDifference("a\nb", "a\nc")).toBe("line 2\n  stands: b\n  should: c");
  expect(firstDifference("a\nb", "a")).toBe("line 2\n  stands: b\n  should: (nothing)");
});

/** The YAML that stands behind a sentence of docs/config.md. */
function exampleOf(text: string, start: string): string {
  const [, after = ""] = text.split(start);
  return /```yaml\n([\s\S]*?)```/.exec(after)?.[1] ?? "";
}

test("the page's examples can be used as they stand", () => {
  const page = buildConfigPage();
  expect(parsed({ tolerations: exampleOf(page, "`tolerations` as") }).tolerations).toHaveLength(1);

  const podTemplate = exampleOf(page, "`podTemplate` as");
  const given = parsed({ podTemplate }).podTemplate?.spec;
  expect(given?.volumes).toHaveLength(1);
  const { spec } = builtTemplate({ settings: { podTemplate } });
  expect(spec.containers.map(({ name }) => name)).toEqual([containerName]);
  const mounted = spec.containers[0]?.volumeMounts?.map(({ name }) => name);
  for (const { name } of given?.volumes ?? []) expect(mounted, `volume ${name} has a mount`).toContain(name);
});

test("the policy page's example is a policy, and the page has each permit, list and limit", () => {
  const page = buildPolicyPage();
  expect(page).toContain(policyExample.trim());
  expect(policyOf(policyExample).allow.image).toEqual(["registry.example.com/agents/*"]);
  for (const name of [...permits.map((permit) => permit.name), ...Object.keys(allowLists), ...Object.keys(limitRows)]) {
    expect(page).toContain(`| \`${name}\` |`);
  }
});

test("podTemplate's hint says which container is the agent's", () => {
  expect(blocks["common-settings"]?.()).toMatch(new RegExp(`\`podTemplate\`.*container is ${containerName}\\.`));
});

test("every secret of the server is a row", () => {
  for (const { name } of serverSecrets) expect(blocks["server-secrets"]?.()).toContain(`| \`${name}\` |`);
});

test("every error code and every permission is a row", () => {
  for (const { code } of failures) expect(buildErrorsPage()).toContain(`| \`${code}\` |`);
  expect(blocks["permissions"]?.()).toContain("| `batch` | `jobs` |");
});

describe("a path that a document names is there", () => {
  const root = join(import.meta.dirname, "../..");
  const pages = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`);
  const examples = readdirSync(join(root, "examples"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => `examples/${file}`);
  const atRoot = readdirSync(root).filter((file) => file.endsWith(".md"));

  test.each([...atRoot, ...examples, ...pages])("%s", (page) => {
    const text = readFileSync(join(root, page), "utf8");
    const words = text.match(/(?<![\w./-])(?:src|test|scripts|docs|examples)\/[\w./*{},-]+/g) ?? [];
    const paths = words.map((word) => word.replace(/[.,]+$/, "")).filter((word) => !/[*{]/.test(word));
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = ""]) => join(dirname(page), path));
    const named = [...new Set([...paths, ...links])];
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    // Below src/, as docs/design.md names its rooms.
    const short = [...text.matchAll(/`([\w-]+\/[\w./-]+\.(?:ts|sh))`/g)].map(([, path = ""]) => path);
    expect(short.filter((path) => ![path, `src/${path}`].some((each) => existsSync(join(root, each))))).toEqual([]);
  });
});
