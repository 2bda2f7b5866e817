import { jsonExcess } from "../lib/json.ts";
import { withoutLogin } from "../lib/without-login.ts";
import { isRecord, present, wordOf } from "./json-value.ts";
import { isSessionId } from "./session-id.ts";

/** What is kept of a run so that the next one can continue it. Fields not named here are kept as they are. */
export interface Session {
  sessionId: string;
  /** Where the session was made. */
  cwd?: string;
  workspaceId?: string;
  repoUrl?: string;
  repoRef?: string;
  [other: string]: unknown;
}

/** How Paperclip's adapters have spelled each field; the first is ours. */
const spellings = {
  sessionId: ["sessionId", "session_id", "sessionID"],
  cwd: ["cwd", "workdir", "folder"],
  workspaceId: ["workspaceId", "workspace_id"],
  repoUrl: ["repoUrl", "repo_url"],
  repoRef: ["repoRef", "repo_ref"],
} as const;

/** What is kept of a session beside its own fields: Paperclip stores it with every run. */
const otherLimits = { depth: 8, nodes: 200, characters: 16_000 };

/** A path or an address may be as long as Linux takes one. */
const longestField = 4_096;

const knownNames: ReadonlySet<string> = new Set(Object.values(spellings).flat());

/** Reads a session as Paperclip stored it, in any of the spellings; undefined if it names no session of OpenCode's. */
export function readSession(raw: unknown): Session | undefined {
  if (!isRecord(raw)) return undefined;
  const read = (field: keyof typeof spellings) =>
    spellings[field].map((name) => wordOf(raw[name])).find((word) => word !== undefined && word.length <= longestField);
  const sessionId = read("sessionId");
  if (sessionId === undefined || !isSessionId(sessionId)) return undefined;
  const rest = Object.fromEntries(Object.entries(raw).filter(([name]) => !knownNames.has(name)));
  const others = jsonExcess(rest, otherLimits) === undefined ? rest : {};
  const repoUrl = read("repoUrl");
  const named = {
    cwd: read("cwd"),
    workspaceId: read("workspaceId"),
    repoUrl: repoUrl === undefined ? undefined : withoutLogin(repoUrl),
    repoRef: read("repoRef"),
  };
  return { ...others, sessionId, ...present(named) };
}

/** The `sessionCodec` of Paperclip's adapter contract. Both ways read alike, so whatever was stored comes back whole. */
export const sessionCodec = {
  deserialize: (raw: unknown): Record<string, unknown> | null => readSession(raw) ?? null,
  serialize: (params: Record<string, unknown> | null): Record<string, unknown> | null => readSession(params) ?? null,
  getDisplayId: (params: Record<string, unknown> | null): string | null => readSession(params)?.sessionId ?? null,
};
