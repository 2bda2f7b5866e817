import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { readInstructions } from "./instructions.ts";

const canary = "CANARY";
/** The server's disk: the volume that agents write to, and a folder of its own. */
let home = "";
let outside = "";
let folder = "";

beforeEach(async () => {
  const root = await realpath(await mkdtemp(path.join(tmpdir(), "instructions-")));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  home = path.join(root, "paperclip");
  outside = path.join(root, "outside");
  folder = path.join(home, "instances/default/companies/c1/agents/a1/instructions");
  await mkdir(folder, { recursive: true });
  await mkdir(outside);
  await writeFile(path.join(outside, "AGENTS.md"), canary);
});

function readOf(file: string, env: object = {}) {
  const server = { PAPERCLIP_HOME: home, SECRET: canary, ...env };
  return readInstructions(file, { cwd: home, agentId: "a1", companyId: "c1", env: server });
}

test("the agent's own file is read, with the word where it stands", async () => {
  await writeFile(path.join(folder, "AGENTS.md"), "Be kind.");
  const { text, warnings } = await readOf("instances/default/companies/c1/agents/a1/instructions/AGENTS.md");
  expect(text).toMatch(/^Be kind\.\n\nThese instructions come from .*AGENTS\.md\./);
  expect(warnings).toEqual([]);
});

test.each<[string, string, () => Promise<void>]>([
  ["a link to the server's environment", "a link", () => symlink("/proc/self/environ", path.join(folder, "AGENTS.md"))],
  [
    "a link to a file of the server",
    "a link",
    () => symlink(path.join(outside, "AGENTS.md"), path.join(folder, "AGENTS.md")),
  ],
  [
    "a folder that is a link",
    "outside the folders",
    async () => {
      await rm(folder, { recursive: true });
      await symlink(outside, folder);
    },
  ],
  ["a pipe", "a named pipe", async () => void execFileSync("mkfifo", [path.join(folder, "AGENTS.md")])],
  ["a device", "a link", () => symlink("/dev/zero", path.join(folder, "AGENTS.md"))],
  [
    "a file of a terabyte",
    "more than 1048576 bytes",
    async () => {
      await writeFile(path.join(folder, "AGENTS.md"), canary);
      await truncate(path.join(folder, "AGENTS.md"), 2 ** 40);
    },
  ],
])("%s is not read, and the log says why", async (_, why, plant) => {
  await plant();
  const { text, notes, warnings } = await readOf(path.join(folder, "AGENTS.md"));
  expect(text).toBe("");
  expect(warnings).toEqual([
    expect.stringMatching(new RegExp(`AGENTS\\.md is not read \\(.*${why}.*; the run goes on`)),
  ]);
  expect(JSON.stringify([notes, warnings])).not.toContain(canary);
});

test.each(["/proc/self/environ", "/proc/thread-self/environ", "/proc/1/../self/environ", "/etc/passwd"])(
  "%s is not read by its own name",
  async (file) => {
    const { text, warnings } = await readOf(file);
    expect(text).toBe("");
    expect(warnings).toEqual([expect.stringContaining("is not read (the server reads no agent's files there;")]);
  },
);

test("not even where the operator allows everything, the kernel's files are read", async () => {
  expect(await readOf("/proc/self/environ", { OPENCODE_K8S_READ_ROOTS: "/" })).toMatchObject({
    text: "",
    warnings: [expect.stringContaining("is not read (files of /proc are not read)")],
  });
});

test("a mounted ConfigMap is read where the operator has named its folder", async () => {
  const file = path.join(outside, "mounted.md");
  await symlink("AGENTS.md", file);
  expect((await readOf(file)).text).toBe("");
  expect((await readOf(file, { OPENCODE_K8S_READ_ROOTS: `/other:${outside}` })).text).toContain(canary);
});
