import { expect, test } from "vitest";
import { settleSharedFolders } from "./shared-folders.ts";

const writable = (path: string) => ({ path, readOnly: false });
const readable = (path: string) => ({ path, readOnly: true });
const kept = ["/paperclip/pc/secrets", "/paperclip/pc/db"];

test("parents come first, none twice, and what a parent brings is not mounted again", () => {
  expect(
    settleSharedFolders([writable("/paperclip/w/a/b"), writable("/paperclip/w/a"), writable("/paperclip/w/a/")], kept),
  ).toEqual([writable("/paperclip/w/a")]);
});

test("a folder to read within one to write is mounted for reading, and one that is wanted for both is for writing", () => {
  expect(settleSharedFolders([writable("/paperclip/w"), readable("/paperclip/w/rules")], kept)).toEqual([
    writable("/paperclip/w"),
    readable("/paperclip/w/rules"),
  ]);
  expect(settleSharedFolders([readable("/paperclip/w"), writable("/paperclip/w")], kept)).toEqual([
    writable("/paperclip/w"),
  ]);
});

test.each([
  "/paperclip",
  "/paperclip/",
  "/etc",
  "/paperclips/x",
  "/paperclip/../etc",
  "/paperclip/a/../../etc",
  "/paperclip//a",
  "paperclip/a",
  "",
])("%j is no folder that can be given away", (path) => {
  expect(settleSharedFolders([writable(path)], kept)).toEqual([]);
});

test.each(["/paperclip/pc", "/paperclip/pc/secrets", "/paperclip/pc/secrets/x"])(
  "%s holds what is the server's own, or is it",
  (path) => {
    expect(settleSharedFolders([readable(path)], kept)).toEqual([]);
  },
);

test("a neighbour of the server's folders is given", () => {
  expect(settleSharedFolders([writable("/paperclip/pc/workspaces/a")], kept)).toEqual([
    writable("/paperclip/pc/workspaces/a"),
  ]);
});
