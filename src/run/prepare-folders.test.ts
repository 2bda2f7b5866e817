import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { prepareFolders } from "./prepare-folders.ts";

let dir: string;
let shared: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "folders-"));
  shared = join(dir, "shared");
  mkdirSync(shared);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const writable = (path: string) => ({ path, readOnly: false });

test("folders to write to are made, with all above them", async () => {
  const folder = writable("/paperclip/projects/site/checkout");
  expect(await prepareFolders([folder], shared)).toEqual({ ready: [folder], refused: [] });
  expect(statSync(join(shared, "projects/site/checkout")).isDirectory()).toBe(true);
});

test("a folder to read that is missing is left out and not made", async () => {
  const { ready, refused } = await prepareFolders([{ path: "/paperclip/rules", readOnly: true }], shared);
  expect(ready).toEqual([]);
  expect(refused).toEqual([{ path: "/paperclip/rules", why: expect.stringContaining("ENOENT") }]);
  expect(existsSync(join(shared, "rules"))).toBe(false);
});

test.each(["projects", "projects/site"])(
  "a link at %s is not followed, and nothing is made behind it",
  async (link) => {
    mkdirSync(join(dir, "elsewhere"));
    mkdirSync(join(shared, link, ".."), { recursive: true });
    symlinkSync(join(dir, "elsewhere"), join(shared, link));
    const { ready, refused } = await prepareFolders([writable("/paperclip/projects/site/checkout")], shared);
    expect(ready).toEqual([]);
    expect(refused).toHaveLength(1);
    expect(readdirSync(join(dir, "elsewhere"))).toEqual([]);
  },
);

test("a file in a folder's place is refused, and the others are prepared all the same", async () => {
  writeFileSync(join(shared, "a"), "");
  const { ready, refused } = await prepareFolders([writable("/paperclip/a"), writable("/paperclip/b")], shared);
  expect(ready).toEqual([writable("/paperclip/b")]);
  expect(refused.map(({ path }) => path)).toEqual(["/paperclip/a"]);
});
