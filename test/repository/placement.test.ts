import { readdirSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { describe, expect, test } from "vitest";
import { filesUnder, readText } from "./architecture/source.ts";

const root = join(import.meta.dirname, "../..");
const tests = filesUnder("src").filter((file) => file.endsWith(".test.ts"));
const foldersIn = (folder: string) =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();

/** What a file imports from the repository, as paths from its root. */
function importedBy(file: string): string[] {
  return [...readText(file).matchAll(/(?:from|import)\s*\(?"(\.[^"]+)"/g)].map(([, path = ""]) =>
    posix.join(posix.dirname(file), path),
  );
}

describe("a unit test", () => {
  test("stands beside what it tests, which it reaches itself or through a helper", () => {
    const folderOf = (path: string) => dirname(path.replace(/\?raw$/, ""));
    const alone = tests.filter((file) => {
      const own = importedBy(file);
      const helpers = own.filter((path) => path.startsWith("test/support/"));
      return ![...own, ...helpers.flatMap(importedBy)].some((path) => folderOf(path) === dirname(file));
    });
    expect(alone).toEqual([]);
  });

  test("takes its helpers from test/support, and what it reads from fixtures and the scripted model", () => {
    const rooms = tests.flatMap((file) =>
      importedBy(file)
        .filter((path) => path.startsWith("test/") || path.includes(".test"))
        .filter((path) => !/^test\/(support|fixtures|model)\//.test(path))
        .map((path) => `${file} imports ${path}`),
    );
    expect(rooms).toEqual([]);
  });

  test("is the only thing in src that knows of test/", () => {
    const sources = filesUnder("src").filter((file) => !file.endsWith(".test.ts"));
    expect(sources.filter((file) => importedBy(file).some((path) => path.startsWith("test/")))).toEqual([]);
  });
});

describe("test/", () => {
  test("has a folder for each floor and for what several of them share", () => {
    const floors = ["cluster", "contract", "dist", "embedded-stories", "paperclip", "repository"];
    const shared = ["embedded", "fault-proxy", "fixtures", "model", "security", "stories", "support", "world"];
    expect(foldersIn("test")).toEqual([...floors, ...shared].toSorted());
  });

  test("has stories where they are told, and tests where they are played", () => {
    expect(filesUnder("test/stories").filter((file) => file.endsWith(".test.ts"))).toEqual([]);
    const helpers = ["test/embedded-stories", "test/cluster"].flatMap(filesUnder);
    expect(helpers.filter((file) => !file.endsWith(".test.ts"))).toEqual([]);
  });

  test("has the embedded cluster in rooms; only what joins them stands at their door", () => {
    expect(foldersIn("test/embedded")).toEqual(["api-server", "controllers", "faults", "kubelet"]);
    const door = filesUnder("test/embedded").filter((file) => dirname(file) === "test/embedded");
    const joining = ["credential-files", "embedded-cluster", "seed", "timers"];
    expect(door.toSorted()).toEqual(joining.map((name) => `test/embedded/${name}.ts`));
  });
});
