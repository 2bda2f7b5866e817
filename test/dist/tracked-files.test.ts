import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./built.ts";

function git(...args: string[]): string[] {
  return execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28 })
    .split("\n")
    .filter(Boolean);
}

const tracked = git("ls-files");

function linesWith(pattern: RegExp): string[] {
  return tracked.flatMap((file) =>
    readFileSync(join(root, file), "utf8")
      .split("\n")
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}`] : [])),
  );
}

test("no tracked file names a folder of somebody's machine", () => {
  const folders = ["work/(main|shared)", "root", "opt/pc", "home/[a-z]+", "Users/[A-Za-z]+"].join("|");
  expect(linesWith(new RegExp(`(?<![\\w.}/-])/(${folders})(?=/|["'\`\\s)])`))).toEqual([]);
});

test("packages come from the public registry alone", () => {
  const hosts = linesWith(/"resolved": "https?:\/\/(?!registry\.npmjs\.org\/)/);
  expect(hosts).toEqual([]);
});

test("nothing that is built or installed is tracked", () => {
  expect(
    tracked.filter(
      (file) => /(^|\/)(dist|node_modules|coverage)\/|\.tgz$/.test(file) && !file.startsWith("test/dist/"),
    ),
  ).toEqual([]);
});
