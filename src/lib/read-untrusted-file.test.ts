import { execFileSync } from "node:child_process";
import { link, mkdir, mkdtemp, realpath, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type ReadRules, readUntrustedFile, UnsafeFile } from "./read-untrusted-file.ts";

/** A volume that agents write to, with one agent's folder in it, and a file of the server outside. */
let volume = "";
let own = "";
let outside = "";

beforeEach(async () => {
  const root = await realpath(await mkdtemp(join(tmpdir(), "read-untrusted-")));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  volume = join(root, "volume");
  own = join(volume, "agents", "a");
  outside = join(root, "outside");
  await Promise.all([own, outside, join(volume, "agents", "b")].map((folder) => mkdir(folder, { recursive: true })));
  await writeFile(join(outside, "key"), "CANARY");
  await writeFile(join(volume, "agents", "b", "key"), "CANARY");
  await writeFile(join(own, "AGENTS.md"), "be kind");
});

function read(name: string, rules: Partial<ReadRules> = {}): Promise<string> {
  return readUntrustedFile(join(own, name), { within: [{ path: own, anchor: volume }], ...rules });
}

test("a plain file in the folder is read", async () => {
  expect(await read("AGENTS.md")).toBe("be kind");
});

test("a file that is not there is the system's own error", async () => {
  await expect(read("none")).rejects.toMatchObject({ code: "ENOENT" });
});

describe("refused is", () => {
  test.each([
    ["a link to the process's environment", () => "/proc/self/environ"],
    ["a link to a file outside", () => join(outside, "key")],
    ["a link to another agent's file", () => join(volume, "agents", "b", "key")],
    ["a link to a file beside it", () => join(own, "AGENTS.md")],
    ["a link to a device without an end", () => "/dev/zero"],
  ])("%s", async (_, target) => {
    await symlink(target(), join(own, "link"));
    await expect(read("link")).rejects.toThrow(new UnsafeFile("it is a link, not a regular file"));
  });

  test.each([
    ["the process's folder", () => "/proc/self", "environ", /^files of \/proc/],
    ["the process's threads", () => "/proc/thread-self/../..", "environ", /^files of \/proc/],
    ["a folder outside", () => outside, "key", /^it is outside the folders/],
    ["another agent's folder", () => join(volume, "agents", "b"), "key", /^it is outside the folders/],
  ])("a file through a folder that is a link to %s", async (...[, target, name, message]) => {
    await symlink(target(), join(own, "folder"));
    await expect(read(join("folder", name))).rejects.toThrow(message);
  });

  test("a file whose own folder was replaced by a link", async () => {
    await rename(own, `${own}-old`);
    await symlink(outside, own);
    await expect(read("key")).rejects.toThrow(/^it is outside the folders/);
  });

  test("a file whose folder's parent was replaced by a link", async () => {
    await mkdir(join(outside, "a"));
    await writeFile(join(outside, "a", "key"), "CANARY");
    await rename(join(volume, "agents"), join(volume, "old"));
    await symlink(outside, join(volume, "agents"));
    await expect(read("key")).rejects.toThrow(/^it is outside the folders/);
  });

  test("a path with dots that leads out", async () => {
    await expect(read("../b/key")).rejects.toThrow(/^it is outside the folders/);
  });

  test("a named pipe, at once", async () => {
    execFileSync("mkfifo", [join(own, "pipe")]);
    await expect(read("pipe")).rejects.toThrow("it is a named pipe, not a regular file");
  });

  test.each(["/dev/zero", "/proc/self/environ", "/proc/self/root/etc/hostname", "/sys/kernel/notes"])(
    "%s by its own name, whatever folders may be read",
    async (file) => {
      const reading = readUntrustedFile(file, { within: [{ path: "/" }] });
      await expect(reading).rejects.toThrow(/^files of \/(proc|sys|dev) are not read$/);
    },
  );

  test("what lies where Kubernetes mounts service accounts, unless that is allowed", async () => {
    const file = "/var/run/secrets/kubernetes.io/serviceaccount/token";
    await expect(readUntrustedFile(file, { within: [{ path: "/" }] })).rejects.toThrow(
      "files of /var/run/secrets are not read",
    );
    const allowed = readUntrustedFile(file, { within: [{ path: "/" }], secretFolders: true });
    await expect(allowed).rejects.not.toBeInstanceOf(UnsafeFile);
  });

  test("a folder and a file without end in it that is sparse", async () => {
    await expect(read(".")).rejects.toThrow("it is a folder, not a regular file");
    await writeFile(join(own, "huge"), "");
    await truncate(join(own, "huge"), 2 ** 40);
    await expect(read("huge")).rejects.toThrow("it has more than 1048576 bytes");
  });

  test("one byte more than allowed; as many as allowed are read", async () => {
    await writeFile(join(own, "ten"), "0123456789");
    await expect(read("ten", { maxBytes: 9 })).rejects.toThrow("it has more than 9 bytes");
    expect(await read("ten", { maxBytes: 10 })).toBe("0123456789");
  });

  test("a file that has a second name", async () => {
    await link(join(volume, "agents", "b", "key"), join(own, "hard"));
    await expect(read("hard")).rejects.toThrow("it has a second name (a hard link)");
  });

  test("what the rules leave out, also by a name that leads there", async () => {
    await symlink(join(own, "secrets"), join(outside, "alias"));
    await mkdir(join(own, "secrets"));
    await writeFile(join(own, "secrets", "master.key"), "CANARY");
    const without = [join(outside, "alias")];
    await expect(read("secrets/master.key", { without })).rejects.toThrow(/are not read$/);
  });
});

test("links are followed where the rules say so, as in a mounted Secret, but not out of the folder", async () => {
  const mounted = join(outside, "mounted");
  await mkdir(join(mounted, "..2026"), { recursive: true });
  await writeFile(join(mounted, "..2026", "config"), "text");
  await symlink("..2026", join(mounted, "..data"));
  await symlink("..data/config", join(mounted, "config"));
  await symlink(join(outside, "key"), join(mounted, "out"));
  const rules = { within: [{ path: mounted }], followLinks: true };
  expect(await readUntrustedFile(join(mounted, "config"), rules)).toBe("text");
  await expect(readUntrustedFile(join(mounted, "out"), rules)).rejects.toThrow(/^it is outside the folders/);
});

/** What comes of reading `name` 2,000 times and until it was read once, while one thing after another has that name. */
async function readWhileSwapped(name: string, things: string[]): Promise<Set<string>> {
  const outcomes = new Set<string>();
  let swapping = true;
  const swapper = (async () => {
    while (swapping) {
      for (const thing of things) {
        await rename(join(own, thing), join(own, "swapped"));
        await rename(join(own, "swapped"), join(own, thing));
      }
    }
  })();
  const untilMs = performance.now() + 20_000;
  for (let turn = 0; (turn < 2_000 || !outcomes.has("mine")) && performance.now() < untilMs; turn++) {
    outcomes.add(await read(name).catch((error: Error) => (error instanceof UnsafeFile ? error.message : error.name)));
  }
  swapping = false;
  await swapper;
  return outcomes;
}

test("a folder that is swapped for a link all the time never gives away what that leads to", async () => {
  await mkdir(join(own, "real"));
  await writeFile(join(own, "real", "key"), "mine");
  await symlink(outside, join(own, "trap"));
  const outcomes = await readWhileSwapped("swapped/key", ["real", "trap"]);
  expect(outcomes).toContain("mine");
  expect(outcomes).not.toContain("CANARY");
}, 30_000);

test("a file that is swapped for a link all the time is itself or refused", async () => {
  await writeFile(join(own, "real"), "mine");
  await writeFile(join(own, "other"), "CANARY");
  await symlink("other", join(own, "trap"));
  const outcomes = await readWhileSwapped("swapped", ["real", "trap"]);
  expect(outcomes).toContain("mine");
  expect(outcomes).not.toContain("CANARY");
}, 30_000);

test("a file that is swapped for a pipe all the time is itself or refused at once", async () => {
  await writeFile(join(own, "real"), "mine");
  execFileSync("mkfifo", [join(own, "pipe")]);
  const outcomes = await readWhileSwapped("swapped", ["real", "pipe"]);
  expect(outcomes).toContain("mine");
  expect([...outcomes].filter((outcome) => outcome.includes("took more than"))).toEqual([]);
}, 30_000);

test("a volume that does not answer is given up", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const reading = read("AGENTS.md");
  vi.advanceTimersByTime(5_000);
  await expect(reading).rejects.toThrow("reading it took more than 5 s");
});
