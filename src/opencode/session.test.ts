import { expect, test } from "vitest";
import { readSession, sessionCodec } from "./session.ts";

const whole = {
  sessionId: "ses_1",
  cwd: "/paperclip/work",
  workspaceId: "w1",
  repoUrl: "https://git.example/r.git",
  repoRef: "main",
  databaseMode: "ephemeral",
  nested: { kept: [1, 2] },
};

test("what was stored comes back whole", () => {
  expect(sessionCodec.deserialize(sessionCodec.serialize(whole))).toEqual(whole);
  expect(sessionCodec.deserialize(JSON.parse(JSON.stringify(sessionCodec.serialize(whole))))).toEqual(whole);
});

test.each([
  { sessionId: "ses_1", cwd: "/w", workspaceId: "w1", repoUrl: "u", repoRef: "r" },
  { session_id: "ses_1", workdir: "/w", workspace_id: "w1", repo_url: "u", repo_ref: "r" },
  { sessionID: " ses_1 ", folder: "/w", workspaceId: "w1", repoUrl: "u", repoRef: "r" },
])("the spelling of %j is understood", (raw) => {
  expect(readSession(raw)).toEqual({ sessionId: "ses_1", cwd: "/w", workspaceId: "w1", repoUrl: "u", repoRef: "r" });
});

test.each([null, undefined, "ses_1", 7, [], {}, { sessionId: "" }, { sessionId: 7 }, { cwd: "/w" }])(
  "%j names no session",
  (raw) => {
    expect(sessionCodec.deserialize(raw)).toBeNull();
    expect(readSession(raw)).toBeUndefined();
  },
);

test("the session's id is what Paperclip shows", () => {
  expect(sessionCodec.getDisplayId(whole)).toBe("ses_1");
  expect(sessionCodec.getDisplayId(null)).toBeNull();
});

test("nothing is serialized as nothing", () => expect(sessionCodec.serialize(null)).toBeNull());

test.each(["", "s1", "--session=x", "ses_", "ses_a b", "ses_a;b", `ses_${"a".repeat(130)}`, "ses_\u0000"])(
  "what is no id of OpenCode's names no session: %j",
  (sessionId) => expect(readSession({ sessionId })).toBeUndefined(),
);

test("a session keeps no more beside its own fields than a session needs", () => {
  const session = { sessionId: "ses_1", cwd: "/w", other: "x".repeat(20_000) };
  expect(readSession(session)).toEqual({ sessionId: "ses_1", cwd: "/w" });
  expect(readSession({ sessionId: "ses_1", cwd: "/".repeat(5_000) })).toEqual({ sessionId: "ses_1" });
});
