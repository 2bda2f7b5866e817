import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isLoopback } from "../lib/loopback.ts";
import { buildPaperclipEnv, type PaperclipEnvInput } from "./paperclip-env.ts";

const agent = { id: "a1", companyId: "c1", name: "Ada", adapterType: "opencode_k8s", adapterConfig: {} };
const apiUrl = "http://paperclip.paperclip.svc:3100";

beforeEach(() => void vi.stubEnv("PAPERCLIP_API_URL", apiUrl));
afterEach(() => void vi.unstubAllEnvs());

function build(execution: Partial<PaperclipEnvInput["execution"]> = {}, more: Partial<PaperclipEnvInput> = {}) {
  return buildPaperclipEnv({
    execution: { runId: "r1", agent, context: {}, ...execution },
    settings: { env: {} },
    cwd: "/paperclip/w",
    scratchDir: "/opencode-run/tmp",
    sharedHome: "/paperclip",
    ...more,
  });
}

test("a plain wake has identity, address and run", async () => {
  expect(await build()).toEqual({
    plain: {
      PAPERCLIP_AGENT_ID: "a1",
      PAPERCLIP_COMPANY_ID: "c1",
      PAPERCLIP_API_URL: apiUrl,
      PAPERCLIP_RUN_ID: "r1",
    },
    secret: {},
    mcpServers: [],
    warnings: [],
  });
});

test("what woke the agent, its workspace and its services stand in the environment", async () => {
  const context = {
    taskId: " t1 ",
    issueId: "i1",
    wakeReason: "issue_assigned",
    commentId: "k1",
    approvalId: "p1",
    approvalStatus: "approved",
    issueIds: ["i1", " ", "i2"],
    paperclipIssue: { workMode: "planning" },
    paperclipWake: { reason: "issue_assigned", issue: { id: "i1", title: "T" } },
    paperclipWorkspace: {
      cwd: "/paperclip/w",
      source: "project_primary",
      strategy: "git_worktree",
      workspaceId: "w1",
      repoUrl: "https://git.example.com/r",
      repoRef: "main",
      branchName: "b",
      worktreePath: "/paperclip/wt",
      agentHome: "/paperclip/home",
    },
    paperclipWorkspaces: [{ workspaceId: "w1", cwd: "/paperclip/w" }, "no"],
    paperclipRuntimeServiceIntents: [{ name: "web" }],
    paperclipRuntimeServices: [{ serviceName: "web", url: "http://web:1" }],
    paperclipRuntimePrimaryUrl: "http://web:1",
  };
  const { plain, warnings } = await build({ context });
  expect(warnings).toEqual([]);
  expect(plain).toMatchObject({
    PAPERCLIP_TASK_ID: "t1",
    PAPERCLIP_WAKE_REASON: "issue_assigned",
    PAPERCLIP_WAKE_COMMENT_ID: "k1",
    PAPERCLIP_APPROVAL_ID: "p1",
    PAPERCLIP_APPROVAL_STATUS: "approved",
    PAPERCLIP_LINKED_ISSUE_IDS: "i1,i2",
    PAPERCLIP_ISSUE_WORK_MODE: "planning",
    PAPERCLIP_WORKSPACE_CWD: "/paperclip/w",
    PAPERCLIP_WORKSPACE_SOURCE: "project_primary",
    PAPERCLIP_WORKSPACE_STRATEGY: "git_worktree",
    PAPERCLIP_WORKSPACE_ID: "w1",
    PAPERCLIP_WORKSPACE_REPO_URL: "https://git.example.com/r",
    PAPERCLIP_WORKSPACE_REPO_REF: "main",
    PAPERCLIP_WORKSPACE_BRANCH: "b",
    PAPERCLIP_WORKSPACE_WORKTREE_PATH: "/paperclip/wt",
    PAPERCLIP_WORKSPACES_JSON: '[{"workspaceId":"w1","cwd":"/paperclip/w"}]',
    AGENT_HOME: "/paperclip/home",
    PAPERCLIP_RUNTIME_SERVICE_INTENTS_JSON: '[{"name":"web"}]',
    PAPERCLIP_RUNTIME_SERVICES_JSON: '[{"serviceName":"web","url":"http://web:1"}]',
    PAPERCLIP_RUNTIME_PRIMARY_URL: "http://web:1",
  });
  expect(JSON.parse(plain["PAPERCLIP_WAKE_PAYLOAD_JSON"] ?? "")).toMatchObject({ issue: { id: "i1", title: "T" } });
});

test("the agent's cwd in place of its home leaves no workspace path behind", async () => {
  const context = { paperclipWorkspace: { cwd: "/paperclip/h", source: "agent_home" } };
  const { plain } = await build({ context }, { settings: { env: {}, cwd: "/paperclip/c" } });
  expect(plain).not.toHaveProperty("PAPERCLIP_WORKSPACE_CWD");
});

test("without the shared volume no path of the server is named", async () => {
  const context = {
    paperclipWorkspace: {
      cwd: "/paperclip/w",
      source: "project_primary",
      worktreePath: "/paperclip/wt",
      agentHome: "/paperclip/h",
    },
    paperclipWorkspaces: [
      { workspaceId: "w1", cwd: "/paperclip/w" },
      { workspaceId: "w2", cwd: "/paperclip/other" },
    ],
  };
  const { plain } = await build({ context }, { cwd: "/opencode-run/work", sharedHome: undefined });
  expect(JSON.stringify(plain)).not.toContain("/paperclip/");
  expect(plain["PAPERCLIP_WORKSPACE_CWD"]).toBe("/opencode-run/work");
});

test("a workspace that is not in the pod is named nowhere, the folder in its place is", async () => {
  const context = {
    paperclipWorkspace: { cwd: "/repos/w", source: "project_primary", worktreePath: "/repos/wt" },
    paperclipWorkspaces: [{ workspaceId: "w1", cwd: "/repos/w" }],
  };
  const { plain } = await build({ context }, { cwd: "/opencode-run/work" });
  expect(JSON.stringify(plain)).not.toContain("/repos/");
  expect(plain["PAPERCLIP_WORKSPACE_CWD"]).toBe("/opencode-run/work");
});

const runtimeTools = {
  version: 1,
  guidance: "Ask for connections.",
  mcpEndpoint: `${apiUrl}/mcp/runtime-tools`,
  rest: { connectionsSearch: `${apiUrl}/search`, connectionRequest: `${apiUrl}/request` },
  bearerToken: "tools-token",
  expiresAt: "2026-01-01T00:00:00Z",
  tools: ["connections_search", "connection_request"],
} as const;

test("tokens and the agent's own variables are secret, addresses are not", async () => {
  const { plain, secret } = await build(
    { authToken: "run-key", runtimeTools },
    { settings: { env: { OPENAI_API_KEY: "provider-key", LANG: "C" } } },
  );
  expect(secret).toEqual({
    PAPERCLIP_API_KEY: "run-key",
    PAPERCLIP_RUNTIME_TOOLS_TOKEN: "tools-token",
    OPENAI_API_KEY: "provider-key",
    LANG: "C",
  });
  expect(plain["PAPERCLIP_RUNTIME_TOOLS_MCP_URL"]).toBe(`${apiUrl}/mcp/runtime-tools`);
  expect(JSON.stringify(plain)).not.toMatch(/tools-token|run-key|provider-key/);
});

test("a repository's address with a login in it is secret, wherever it stands", async () => {
  const repoUrl = "https://x-access-token:hunter2@git.example.com/r.git";
  const context = {
    paperclipWorkspace: { cwd: "/paperclip/w", source: "project_primary", repoUrl },
    paperclipWorkspaces: [{ workspaceId: "w1", cwd: "/paperclip/w", repoUrl }],
  };
  const { plain, secret } = await build({ context });
  expect(JSON.stringify(plain)).not.toContain("hunter2");
  expect(secret).toEqual({
    PAPERCLIP_WORKSPACE_REPO_URL: repoUrl,
    PAPERCLIP_WORKSPACES_JSON: JSON.stringify(context.paperclipWorkspaces),
  });
});

test("the agent's env can neither bring an API key nor replace what Paperclip gives", async () => {
  const env = {
    PAPERCLIP_API_KEY: "stolen",
    PAPERCLIP_API_URL: "http://evil",
    PAPERCLIP_RUNTIME_TOOLS_TOKEN: "x",
    PAPERCLIP_CUSTOM: "ok",
  };
  const { plain, secret, warnings } = await build({ runtimeTools }, { settings: { env } });
  expect(secret).toEqual({ PAPERCLIP_CUSTOM: "ok", PAPERCLIP_RUNTIME_TOOLS_TOKEN: "tools-token" });
  expect(plain["PAPERCLIP_API_URL"]).toBe(apiUrl);
  expect(warnings).toEqual([
    expect.stringContaining("PAPERCLIP_API_KEY"),
    expect.stringContaining("PAPERCLIP_API_URL"),
    expect.stringContaining("PAPERCLIP_RUNTIME_TOOLS_TOKEN"),
  ]);
});

test("the scratch folder is the pod's", async () => {
  const dir = "/tmp/paperclip-run-x";
  const { secret } = await build({}, { settings: { env: { PAPERCLIP_RUN_SCRATCH_DIR: dir, TMPDIR: dir } } });
  expect(secret).toEqual({ PAPERCLIP_RUN_SCRATCH_DIR: "/opencode-run/tmp", TMPDIR: "/opencode-run/tmp" });
});

test("a wake payload over Linux's limit goes without the description, or not at all", async () => {
  const wake = (description: string, title: string) => ({
    reason: "issue_assigned",
    issue: { id: "i1", title, description },
  });
  const slim = await build({ context: { paperclipWake: wake("x".repeat(200_000), "T") } });
  const payload = JSON.parse(slim.plain["PAPERCLIP_WAKE_PAYLOAD_JSON"] ?? "{}");
  expect(payload.issue.title).toBe("T");
  expect((payload.issue.description ?? "").length).toBeLessThan(131_072);
  const none = await build({ context: { paperclipWorkspaces: [{ note: "x".repeat(200_000) }] } });
  expect(none.plain).not.toHaveProperty("PAPERCLIP_WORKSPACES_JSON");
  expect(none.warnings).toEqual([expect.stringContaining("PAPERCLIP_WORKSPACES_JSON is longer than Linux takes")]);
});

test("tool servers come from the run and from managed gateways, under names of their own", async () => {
  const server = { name: "Paperclip", url: "http://x/mcp", token: "m1", connectionId: "1" };
  const context = {
    paperclipManagedMcp: {
      version: 1,
      managedMcpOnly: true,
      gateways: [
        { name: "Paperclip", endpointPath: "/mcp/gateways/g", bearerToken: "m2" },
        { name: "broken", endpointPath: "/x" },
      ],
    },
  };
  vi.stubEnv("PAPERCLIP_API_URL", `${apiUrl}/api/`);
  const { mcpServers } = await build({ runtimeMcp: { getServers: () => [server] }, context });
  expect(mcpServers).toEqual([
    { name: "Paperclip", url: "http://x/mcp", token: "m1" },
    { name: "Paperclip 2", url: `${apiUrl}/mcp/gateways/g`, token: "m2" },
  ]);
});

test("an address that means the pod itself is a warning", async () => {
  vi.stubEnv("PAPERCLIP_API_URL", "http://127.0.0.1:3100");
  expect((await build()).warnings).toEqual([expect.stringContaining("PAPERCLIP_API_URL is http://127.0.0.1:3100")]);
});

test.each([
  ["http://localhost:3100", true],
  ["http://LOCALHOST", true],
  ["http://127.1.2.3/api", true],
  ["http://[::1]:3100", true],
  ["http://0.0.0.0:3100", true],
  ["http://paperclip.paperclip.svc:3100", false],
  ["http://localhost.example.com", false],
  ["http://10.0.0.127", false],
  ["not an address", false],
])("%s is the caller itself: %s", (url, loopback) => {
  expect(isLoopback(url)).toBe(loopback);
});
