import { expect, test } from "vitest";
import { homeOf, writableHomes } from "./homes.ts";
import { rulesForAgentFile, rulesForFolder } from "./read-rules.ts";

const env = { PAPERCLIP_HOME: "/paperclip", HOME: "/paperclip" };
const own = { agentId: "a1", companyId: "c1", env };
const instance = "/paperclip/instances/default";

/** The folder in which the file must really be. */
const folderOf = (file: string, more: object = {}) => rulesForAgentFile(file, { ...own, ...more }).within[0]?.path;

test.each([
  [`${instance}/companies/c1/agents/a1/instructions/AGENTS.md`, `${instance}/companies/c1/agents/a1`],
  [`${instance}/companies/c1/shared/AGENTS.md`, `${instance}/companies/c1/shared`],
  [`${instance}/workspaces/a1/docs/AGENTS.md`, `${instance}/workspaces/a1`],
  [`${instance}/projects/c1/p1/_default/AGENTS.md`, `${instance}/projects/c1`],
  [`${instance}/skills/c1/x/AGENTS.md`, `${instance}/skills/c1`],
  ["/paperclip/team/prompts/AGENTS.md", "/paperclip/team"],
  ["/paperclip/AGENTS.md", "/paperclip"],
])("%s may be read, and must be in %s", (file, folder) => {
  expect(folderOf(file)).toBe(folder);
});

test.each([
  `${instance}/companies/c1/agents/a2/instructions/AGENTS.md`,
  `${instance}/companies/c2/agents/a1/AGENTS.md`,
  `${instance}/companies/c1`,
  `${instance}/workspaces/a2/AGENTS.md`,
  `${instance}/workspaces`,
  `${instance}/projects/c2/p1/AGENTS.md`,
  `${instance}/skills/c2/x/SKILL.md`,
  `${instance}/secrets/master.key`,
  `${instance}/config.json`,
  `${instance}/.env`,
  `${instance}/db/pg_hba.conf`,
  `${instance}/data/backups/x.sql`,
  `${instance}/logs/server.log`,
  "/paperclip/instances/other/companies/c1/agents/a1/AGENTS.md",
  "/paperclip/instances/AGENTS.md",
  "/paperclip/.opencode-k8s/a2/opencode.db",
  "/paperclip/.local/share/opencode/auth.json",
  "/paperclip/.git-credentials",
])("%s is not this agent's", (file) => {
  expect(() => folderOf(file)).toThrow(/^its folder belongs to Paperclip's server, to another company or to another/);
});

test.each(["/etc/passwd", "/AGENTS.md", "/paperclip2/AGENTS.md", "/var/run/secrets/x", "/app/AGENTS.md"])(
  "%s is nobody's, and the word says where it may be",
  (file) => {
    expect(() => folderOf(file)).toThrow(/put it below \/paperclip, or name its folder in OPENCODE_K8S_READ_ROOTS/);
  },
);

test("the operator may name more folders, in which links are followed unless agents write there", () => {
  const more = { env: { ...env, OPENCODE_K8S_READ_ROOTS: "relative: /etc/agents/ :/paperclip/instances/shared" } };
  expect(rulesForAgentFile("/etc/agents/AGENTS.md", { ...own, ...more })).toMatchObject({
    within: [{ path: "/etc/agents" }],
    followLinks: true,
  });
  expect(rulesForAgentFile("/paperclip/instances/shared/AGENTS.md", { ...own, ...more })).toMatchObject({
    within: [{ path: "/paperclip/instances/shared", anchor: "/paperclip" }],
    followLinks: false,
  });
  expect(() => folderOf("/etc/agents2/AGENTS.md", more)).toThrow();
});

test("what the server's environment names as its own is left out everywhere, but not the home itself", () => {
  const server = {
    ...env,
    PAPERCLIP_CONFIG: "/paperclip/conf/config.json",
    PAPERCLIP_SECRETS_MASTER_KEY_FILE: "/paperclip/keys/../keys/master.key",
    RUN_LOG_BASE_PATH: "/paperclip/run-logs",
    PAPERCLIP_STORAGE_LOCAL_DIR: "/paperclip",
    PGPASSFILE: "/paperclip/pg/pass",
    OTHER_FILE: "/paperclip/other",
    PAPERCLIP_BIND_FILE: "relative",
  };
  const left = [
    "/paperclip/conf/config.json",
    "/paperclip/conf/.env",
    "/paperclip/keys/master.key",
    "/paperclip/run-logs",
    "/paperclip/pg/pass",
  ];
  expect(rulesForAgentFile("/paperclip/keys/AGENTS.md", { ...own, env: server }).without).toEqual(left);
  expect(rulesForFolder("/paperclip/keys", server).without).toEqual(left);
});

test("Paperclip's home is found as Paperclip finds it", () => {
  expect(writableHomes({ PAPERCLIP_HOME: "/paperclip" })).toEqual(["/paperclip"]);
  expect(writableHomes({ PAPERCLIP_HOME: " ~/pc ", HOME: "/users/ada" })).toEqual(["/paperclip", "/users/ada/pc"]);
  expect(writableHomes({ HOME: "/users/ada" })).toEqual(["/paperclip", "/users/ada/.paperclip"]);
  expect(homeOf("/paperclip/.paperclip/x", { HOME: "/paperclip" })).toBe("/paperclip/.paperclip");
  expect(homeOf("/paperclip2", {})).toBeUndefined();
});
