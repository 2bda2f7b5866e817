import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSkillsBundle } from "./skills-bundle.ts";
import { listSkills, syncSkills } from "./sync-skills.ts";

const operational = "paperclipai/paperclip/paperclip";
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "skills-"));
  for (const name of ["paperclip", "review"]) {
    await mkdir(path.join(folder, name));
    await writeFile(path.join(folder, name, "SKILL.md"), `---\nname: ${name}\n---\nText of ${name}.\n`);
  }
});
afterAll(() => rm(folder, { recursive: true }));

const skill = (name: string, more: object = {}) => ({
  key: `paperclipai/paperclip/${name}`,
  runtimeName: name,
  source: path.join(folder, name),
  ...more,
});

function config(desiredSkills: string[], skills: object[] = [skill("paperclip"), skill("review")]) {
  return { paperclipRuntimeSkills: skills, paperclipSkillSync: { desiredSkills } };
}

test("the bundle holds the operational skill and the chosen ones, each with its folder", async () => {
  const { markdown, notes, warnings } = await readSkillsBundle(config(["paperclipai/paperclip/review"]), {});
  expect(markdown).toMatch(
    /^# Skill: paperclip\n.*Text of paperclip\.\n\n---\n\n# Skill: review\n.*Text of review\.$/s,
  );
  expect(markdown).toContain(`are in ${folder}/review; relative paths start there`);
  expect(notes).toEqual(["The prompt holds the skills paperclip, review."]);
  expect(warnings).toEqual([]);
});

test("the operational skill is there although none was chosen", async () => {
  const { markdown } = await readSkillsBundle(config([]), {});
  expect(markdown).toContain("Text of paperclip.");
  expect(markdown).not.toContain("Text of review.");
});

test("without skills the bundle is empty", async () => {
  expect(await readSkillsBundle({}, {})).toEqual({ markdown: "", notes: [], warnings: [] });
});

test("a skill that is missing, unreadable or unknown is a warning each", async () => {
  const skills = [
    skill("paperclip"),
    skill("gone", { sourceStatus: "missing", missingDetail: "version deleted" }),
    skill("nowhere"),
  ];
  const desired = ["gone", "nowhere", "unknown"].map((name) => `paperclipai/paperclip/${name}`);
  const { markdown, warnings } = await readSkillsBundle(config(desired, skills), {});
  expect(markdown).toContain("Text of paperclip.");
  expect(warnings).toEqual([
    expect.stringMatching(/\/gone cannot be used \(version deleted\)/),
    expect.stringMatching(/\/nowhere could not be read \(.*ENOENT/),
    expect.stringMatching(/\/unknown is not among/),
  ]);
});

test("a skill that agents have turned into a link is a warning, and what it leads to stands nowhere", async () => {
  const planted = path.join(folder, "volume", "planted");
  await mkdir(planted, { recursive: true });
  await symlink("/proc/self/environ", path.join(planted, "SKILL.md"));
  await symlink(path.join(folder, "review"), path.join(folder, "volume", "moved"));
  const skills = [skill("planted", { source: planted }), skill("moved", { source: path.join(folder, "volume/moved") })];
  const desired = ["planted", "moved"].map((name) => `paperclipai/paperclip/${name}`);
  const bundle = await readSkillsBundle(config(desired, skills), { PAPERCLIP_HOME: path.join(folder, "volume") });
  expect(bundle.markdown).toBe("");
  expect(bundle.warnings).toEqual([
    expect.stringMatching(/\/planted could not be read \(it is a link, not a regular file\)/),
    expect.stringMatching(/\/moved could not be read \(it is outside the folders/),
  ]);
});

const context = { agentId: "a1", companyId: "c1", adapterType: "opencode_k8s" };

test("the list tells which skills an agent has", async () => {
  const snapshot = await listSkills({ ...context, config: config(["paperclipai/paperclip/review"]) });
  expect(snapshot).toMatchObject({ adapterType: "opencode_k8s", supported: true, mode: "ephemeral", warnings: [] });
  expect(snapshot.desiredSkills).toEqual([operational, "paperclipai/paperclip/review"]);
  expect(snapshot.entries.map(({ key, state }) => [key, state])).toEqual([
    [operational, "configured"],
    ["paperclipai/paperclip/review", "configured"],
  ]);
});

test("a new choice is answered with what it amounts to", async () => {
  const snapshot = await syncSkills({ ...context, config: config([]) }, ["paperclipai/paperclip/review", "lost"]);
  expect(snapshot.desiredSkills).toEqual([operational, "paperclipai/paperclip/review", "lost"]);
  expect(snapshot.entries.find(({ key }) => key === "lost")?.state).toBe("missing");
});
