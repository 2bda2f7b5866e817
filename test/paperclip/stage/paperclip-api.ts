import { setTimeout as delay } from "node:timers/promises";

/** A heartbeat run, with the columns the suite looks at. */
export interface Run {
  id: string;
  agentId: string;
  status: string;
  exitCode: number | null;
  error: string | null;
  errorCode: string | null;
  sessionIdBefore: string | null;
  sessionIdAfter: string | null;
  usageJson: Record<string, unknown> | null;
  resultJson: Record<string, unknown> | null;
}

export interface LogChunk {
  ts: string;
  stream: "stdout" | "stderr" | "system";
  chunk: string;
  seq: number;
}

interface Agent {
  id: string;
  name: string;
  companyId: string;
  adapterConfig: Record<string, unknown>;
}

interface EnvironmentTest {
  adapterType: string;
  status: "pass" | "warn" | "fail";
  checks: { code: string; level: string; message: string; hint?: string | null }[];
}

interface CostRow {
  agentId: string;
  provider: string;
  model: string;
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
}

/** A refused request, with what Paperclip said. */
class PaperclipRefusal extends Error {
  readonly status: number;

  constructor(request: string, status: number, body: string) {
    super(`${request}: ${status} ${body.slice(0, 500)}`);
    this.status = status;
  }
}

/** The first user. */
export const board = { email: "board@example.com", password: "correct horse battery staple", name: "Board" };

/** Signs up as the first user, who claims the instance, and returns what such a user can do through the API. */
export async function signUp(baseUrl: string) {
  const request = createSession(baseUrl);
  await request("POST", "/auth/sign-up/email", board);
  await request("POST", "/bootstrap/claim", {});
  return { request, ...adapterCalls(request), ...agentCalls(request), ...runCalls(request), ...taskCalls(request) };
}

type Session = <T>(method: string, path: string, body?: object) => Promise<T>;

/** Keeps the cookies of the login; the Origin header is what Paperclip's guard against cross-site requests wants. */
function createSession(baseUrl: string): Session {
  const cookies = new Map<string, string>();
  return async <T>(method: string, path: string, body?: object) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(`${baseUrl}/api${path}`, {
      method,
      headers: { "content-type": "application/json", origin: baseUrl, cookie },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(150_000),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const text = await response.text();
    if (!response.ok) throw new PaperclipRefusal(`${method} ${path}`, response.status, text);
    const json = response.headers.get("content-type")?.includes("json") ?? false;
    return (json ? JSON.parse(text) : text) as T;
  };
}

function adapterCalls(request: Session) {
  return {
    /** `source`: a folder of Paperclip's machine, or the name of a package. */
    installAdapter: (source: { folder: string } | { package: string }) =>
      request<{ type: string; version: string }>("POST", "/adapters/install", {
        packageName: "folder" in source ? source.folder : source.package,
        isLocalPath: "folder" in source,
      }),
    adapter: (type: string) => request<Record<string, unknown>>("GET", `/adapters/${type}`),
    removeAdapter: (type: string) => request<unknown>("DELETE", `/adapters/${type}`),
    configSchema: (type: string) =>
      request<{ fields: { key: string; label: string; type: string; default?: unknown; hint?: string }[] }>(
        "GET",
        `/adapters/${type}/config-schema`,
      ),
    uiParser: (type: string) => request<string>("GET", `/adapters/${type}/ui-parser.js`),
    testEnvironment: (companyId: string, type: string, adapterConfig: object) =>
      request<EnvironmentTest>("POST", `/companies/${companyId}/adapters/${type}/test-environment`, { adapterConfig }),
    models: (companyId: string, type: string) =>
      request<{ id: string; label: string }[]>("GET", `/companies/${companyId}/adapters/${type}/models`),
  };
}

function agentCalls(request: Session) {
  return {
    createCompany: (name: string) => request<{ id: string; issuePrefix: string }>("POST", "/companies", { name }),
    createSecret: (companyId: string, name: string, value: string) =>
      request<{ id: string }>("POST", `/companies/${companyId}/secrets`, { name, value }),
    createAgent: (
      companyId: string,
      agent: { name: string; adapterType: string; adapterConfig: object; instructions: string },
    ) => {
      const { instructions, ...rest } = agent;
      const instructionsBundle = { files: { "AGENTS.md": instructions } };
      return request<Agent>("POST", `/companies/${companyId}/agents`, { ...rest, instructionsBundle });
    },
    agent: (agentId: string) => request<Agent>("GET", `/agents/${agentId}`),
    /** As the agent's page saves its form: only what was touched. */
    configureAgent: (agentId: string, adapterConfig: object) =>
      request<Agent>("PATCH", `/agents/${agentId}`, { adapterConfig }),
    skills: (agentId: string) =>
      request<{ supported: boolean; mode: string; entries: { key: string; runtimeName: string }[] }>(
        "GET",
        `/agents/${agentId}/skills`,
      ),
    runtimeState: (agentId: string) =>
      request<{ sessionId: string | null; totalInputTokens: number; totalOutputTokens: number }>(
        "GET",
        `/agents/${agentId}/runtime-state`,
      ),
    costs: (companyId: string) => request<CostRow[]>("GET", `/companies/${companyId}/costs/by-agent-model`),
  };
}

interface Task {
  id: string;
  status: string;
  executionBlocker?: { cause: string } | null;
}

function taskCalls(request: Session) {
  return {
    /** A task that its agent begins at once. */
    createTask: (companyId: string, agentId: string, title: string) =>
      request<Task>("POST", `/companies/${companyId}/issues`, {
        title,
        description: "Do it.",
        status: "todo",
        assigneeAgentId: agentId,
      }),
    task: (taskId: string) => request<Task>("GET", `/issues/${taskId}`),
    comments: (taskId: string) =>
      request<{ body: string; authorAgentId?: string | null }[]>("GET", `/issues/${taskId}/comments`),
    comment: (taskId: string, body: string) => request<unknown>("POST", `/issues/${taskId}/comments`, { body }),
    /** The agent's runs, the oldest first. */
    runsOf: async (companyId: string, agentId: string) => {
      const runs = await request<(Run & { createdAt: string; scheduledRetryAt?: string | null })[]>(
        "GET",
        `/companies/${companyId}/heartbeat-runs?agentId=${agentId}&limit=50`,
      );
      return runs.toSorted((left, right) => left.createdAt.localeCompare(right.createdAt));
    },
    events: (runId: string) =>
      request<{ eventType: string; message: string | null }[]>("GET", `/heartbeat-runs/${runId}/events?limit=500`),
  };
}

const endStates = new Set(["succeeded", "failed", "cancelled", "timed_out", "interrupted"]);

function runCalls(request: Session) {
  const run = (runId: string) => request<Run>("GET", `/heartbeat-runs/${runId}`);
  async function untilRun(runId: string, holds: (run: Run) => boolean, withinMs = 90_000): Promise<Run> {
    const until = performance.now() + withinMs;
    for (;;) {
      const state = await run(runId);
      if (holds(state)) return state;
      if (performance.now() > until) throw new Error(`run ${runId} is still ${state.status} after ${withinMs} ms`);
      await delay(250);
    }
  }
  return {
    run,
    untilRun,
    invoke: (agentId: string) => request<Run>("POST", `/agents/${agentId}/heartbeat/invoke`, {}),
    runEnded: (runId: string, withinMs?: number) => untilRun(runId, ({ status }) => endStates.has(status), withinMs),
    /** The Stop button. */
    cancel: (runId: string) => request<Run>("POST", `/heartbeat-runs/${runId}/cancel`, {}),
    log: (runId: string) => wholeLog(request, runId),
  };
}

async function wholeLog(request: Session, runId: string): Promise<LogChunk[]> {
  let text = "";
  let offset: number | undefined = 0;
  while (offset !== undefined) {
    const page: { content: string; nextOffset?: number } = await request(
      "GET",
      `/heartbeat-runs/${runId}/log?offset=${offset}`,
    );
    text += page.content;
    offset = page.nextOffset;
  }
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as LogChunk);
}
