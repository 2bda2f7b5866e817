import { expect, test } from "vitest";
import { host } from "../../test/support/job-request.ts";
import { parsed } from "../../test/support/parsed.ts";
import { type FoldersRequest, sharedFoldersOf } from "./shared-folders.ts";

function foldersOf(changes: Partial<Omit<FoldersRequest, "settings">> & { settings?: Record<string, unknown> } = {}) {
  const { settings, ...rest } = changes;
  return sharedFoldersOf({
    agentId: "a1",
    companyId: "c1",
    settings: parsed({ isolation: "strict", ...settings }),
    host: host(),
    workFolders: [],
    skillFolders: [],
    env: {},
    ...rest,
  });
}

const saved = { path: "/paperclip/.opencode-k8s/a1", readOnly: false };

test("strict gives a run where it works, its instructions and skills for reading, and its database", () => {
  const folders = foldersOf({
    settings: { instructionsFilePath: "/paperclip/rules/a1/AGENTS.md" },
    workFolders: ["/paperclip/projects/site", "/paperclip/workspaces/a1"],
    skillFolders: ["/paperclip/skills/review", "/usr/lib/paperclip/skills/paperclip"],
  });
  expect(folders).toEqual([
    { path: "/paperclip/rules/a1", readOnly: true },
    { path: "/paperclip/projects/site", readOnly: false },
    { path: "/paperclip/workspaces/a1", readOnly: false },
    { path: "/paperclip/skills/review", readOnly: true },
    saved,
  ]);
});

test("shared gives all of it, and without a shared volume there is nothing to divide", () => {
  expect(foldersOf({ settings: { isolation: "shared" } })).toBeUndefined();
  expect(foldersOf({ host: undefined })).toBeUndefined();
  const { sharedVolume: _, ...without } = host();
  expect(foldersOf({ host: without })).toBeUndefined();
});

test("what an agent may have written into its settings brings no folder of the server's, of others, or all of them", () => {
  const wrong = [
    "/paperclip",
    "/paperclip/.paperclip/instances/default/secrets",
    "/paperclip/.paperclip/instances/default",
    "/paperclip/.paperclip",
    "/paperclip/.opencode-k8s",
    "/paperclip/.opencode-k8s/a2",
    "/paperclip/.opencode-k8s/a1/../a2",
  ];
  for (const folder of wrong) {
    expect(foldersOf({ settings: { instructionsFilePath: `${folder}/AGENTS.md` }, workFolders: [folder] })).toEqual([
      saved,
    ]);
  }
});

test("the server's folders are known where its instance lies elsewhere on the volume", () => {
  const env = { PAPERCLIP_HOME: "/paperclip/pc", PAPERCLIP_CONFIG: "/paperclip/etc/config.json" };
  const workFolders = [
    "/paperclip/pc/instances/default/db",
    "/paperclip/etc",
    "/paperclip/pc/instances/default/workspaces/a1",
  ];
  expect(foldersOf({ env, workFolders })).toEqual([
    { path: "/paperclip/pc/instances/default/workspaces/a1", readOnly: false },
    saved,
  ]);
});

test("a database on a claim of its own needs no folder on the shared volume", () => {
  expect(foldersOf({ settings: { agentDbMode: "dedicated_pvc" } })).toEqual([]);
});

test.each([
  ["companies/c1/agents/a1/instructions", true],
  ["companies/c1/agents/a2/instructions", false],
  ["companies/c2/agents/a1/instructions", false],
  ["workspaces/a2", false],
  ["companies/c1/agents/a1/../a2/instructions", false],
])("the instructions' folder is the agent's own setting: of another's, nothing is mounted (%s)", (folder, mounted) => {
  const instance = "/paperclip/instances/default";
  const folders = foldersOf({
    settings: { instructionsFilePath: `${instance}/${folder}/AGENTS.md` },
    env: { PAPERCLIP_HOME: "/paperclip" },
  });
  expect(folders).toEqual([...(mounted ? [{ path: `${instance}/${folder}`, readOnly: true }] : []), saved]);
});
