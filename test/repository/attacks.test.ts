import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { attackGroups } from "../security/attacks.ts";

const root = join(import.meta.dirname, "../..");
const attacks = attackGroups.flatMap((group) => group.attacks);

test.each(attacks)("$attack: the test that plays it is there", ({ test: name, file }) => {
  expect(readFileSync(join(root, file), "utf8")).toContain(name);
});

test("each kind of attack is played, and no two rows name the same test of a file", () => {
  expect(attackGroups.filter((group) => group.attacks.length === 0)).toEqual([]);
  const named = attacks.map(({ test: name, file }) => `${file}: ${name}`);
  expect(new Set(named).size).toBe(named.length);
});

/** The other suites' files cannot be read without what they need: a build, a cluster, Paperclip. */
const isUnit = ({ file }: { file: string }) => file.startsWith("src/") || file.startsWith("test/repository/");

test("each attack is played at least as often as the page says", { timeout: 120_000 }, () => {
  const files = [...new Set(attacks.filter(isUnit).map(({ file }) => file))];
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const listed = execFileSync(process.execPath, [vitest, "list", "--json", "--project", "unit", ...files], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const tests = JSON.parse(listed) as { name: string; file: string }[];
  const playedOf = ({ file, test: name }: { file: string; test: string }) =>
    tests.filter((one) => one.file === join(root, file) && one.name.includes(name)).length;
  const seldom = attacks.filter(isUnit).filter((attack) => playedOf(attack) < attack.cases);
  expect(seldom.map((attack) => `${attack.test}: ${playedOf(attack)} of ${attack.cases}`)).toEqual([]);
});
