import { describe, expect, test } from "vitest";
import { recorded } from "../../test/fixtures/opencode/recorded.ts";
import { diagnose } from "./diagnosis.ts";
import { createTranscript } from "./transcript.ts";

function transcriptOf(lines: readonly string[]) {
  const transcript = createTranscript();
  for (const line of lines) transcript.add(line);
  return transcript.view();
}

describe("a program that never ran", () => {
  test.each<[words: string, exitCode: number, kind: string]>([
    ["/opt/program/opencode: line 1: ELF+: not found", 127, "program-unusable"],
    ["/launcher.sh: 1: exec: opencode: not found", 127, "program-missing"],
    ["sh: exec: line 3: opencode: not found", 127, "program-missing"],
    ["bash: line 1: exec: opencode: not found", 127, "program-missing"],
    ["env: 'node': No such file or directory", 127, "program-missing"],
    ["env: can't execute 'node': No such file or directory", 127, "program-missing"],
    ["", 127, "program-missing"],
    ["sh: 1: exec: opencode: Permission denied", 126, "program-unusable"],
    ["bash: /usr/bin/opencode: cannot execute binary file: Exec format error", 126, "program-unusable"],
    ["", 126, "program-unusable"],
    ['/usr/bin/opencode: line 1: syntax error: unexpected "("', 2, "program-unusable"],
    ["/usr/local/bin/opencode: line 2: syntax error: unterminated quoted string", 2, "program-unusable"],
    ['opencode: 1: Syntax error: "(" unexpected', 2, "program-unusable"],
    ["sh: exec format error: opencode", 1, "program-unusable"],
    [
      "It seems that your package manager failed to install the right version of the opencode CLI for your platform.",
      1,
      "program-unusable",
    ],
    ["Illegal instruction (core dumped)", 132, "program-unusable"],
    ["", 132, "program-unusable"],
  ])("%j with exit code %i", (words, exitCode, kind) => {
    const diagnosis = diagnose({ exitCode, transcript: transcriptOf([]), stderrTail: `${words}\n` });
    expect(diagnosis).toMatchObject({ kind, hint: expect.stringContaining("image") });
    expect(diagnosis?.message).toContain(words);
  });

  test("is not one that printed an event, or says something else", () => {
    const { lines } = recorded("two-steps");
    for (const exitCode of [126, 127, 132, 2]) {
      const after = diagnose({ exitCode, transcript: transcriptOf(lines), stderrTail: "sh: foo: not found\n" });
      expect(after?.kind).toBe("failed");
    }
    const syntax = 'Error: syntax error at or near "("\n';
    expect(diagnose({ exitCode: 2, transcript: transcriptOf([]), stderrTail: syntax })?.kind).toBe("failed");
    expect(diagnose({ exitCode: 1, transcript: transcriptOf([]), stderrTail: "gh: not found\n" })?.kind).toBe("failed");
  });
});
