import { expect, test } from "vitest";
import { recorded } from "../../test/fixtures/opencode/recorded.ts";
import { readStderr } from "./stderr.ts";

test("the words after Error: are read without their colours", () => {
  expect(readStderr(recorded("unknown-session").stderr).said).toBe("Session not found");
});

test("an unexpected error is told by what stands below it", () => {
  expect(readStderr(recorded("database-malformed").stderr).said).toBe("database disk image is malformed");
});

test("the log has the reason of an error that an event only refers to", () => {
  const { causes } = readStderr(recorded("unknown-model").stderr);
  const event = JSON.parse(recorded("unknown-model").lines[0] ?? "");
  expect(causes.get(event.error.data.ref)).toBe("ProviderModelNotFoundError: Model not found: scripted/nothing.");
});

test("a failed query is told without its parameters, which hold what users wrote", () => {
  const { stderr } = recorded("database-newer-schema");
  expect(stderr).toContain("params: ");
  expect([...readStderr(stderr).causes.values()]).toEqual(["SQLiteError: NOT NULL constraint failed: message.seq"]);
});

test("a refused permission is told", () => {
  expect(readStderr(recorded("permission-rejected").stderr).rejection).toBe(
    "permission requested: external_directory (/etc/*); auto-rejecting",
  );
});

test("a run that goes well leaves nothing on stderr", () => {
  for (const name of ["one-text", "two-steps", "reasoning"]) expect(recorded(name).stderr).toBe("");
});

test.each(["", "\n\n", "Error: ", 'timestamp=x level=ERROR error="torn', "\u001b[91m"])("%j is read", (tail) =>
  expect(() => readStderr(tail)).not.toThrow(),
);
