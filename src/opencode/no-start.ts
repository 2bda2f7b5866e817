import { visibleLine } from "../lib/visible-text.ts";
import { bounds } from "./bounds.ts";
import type { Diagnosis, EndedRun } from "./diagnosis.ts";

/**
 * What shells print when they cannot start a program, each with its exit code (POSIX: 127 not found, 126 found and not
 * started). Samples: dash "1: exec: opencode: not found", busybox "exec: line 1: opencode: not found", bash
 * "exec: opencode: not found"; bash "cannot execute binary file: Exec format error" and dash "Exec format error" for
 * another CPU, for which busybox takes the program for a script: "syntax error: unexpected ..." with code 2.
 */
const unusable =
  /exec format error|cannot execute|can't execute|permission denied|bad interpreter|illegal instruction/i;
const takenForScript =
  /(?:opencode|line \d{1,6}|\d{1,6}): .{0,200}syntax error|syntax error: (?:unexpected|unterminated)/i;
/** busybox ash 1.36 takes another CPU's program for a script, too: "/usr/bin/opencode: line 1: \u007fELF...: not found". */
const takenForCommand = /opencode: line \d{1,6}: .{0,4}ELF.{0,200}: not found/i;
/** The npm package's own words where the part for this platform was not installed (1.18.33). */
const withoutBinary = /failed to install the right version of the opencode/i;

const hints = {
  missing:
    "The image needs opencode on its PATH and what opencode needs to start, such as node for the npm package: set image to one that has both.",
  unusable:
    "The image's opencode must be built for the node's CPU and C library and be executable for user 1000: use an image for this platform, or choose nodes with nodeSelector.",
} as const;

/** Why the program never ran, by the exit code and the words of the shell that should have started it. */
export function explainNoStart(run: EndedRun): Diagnosis | undefined {
  const { exitCode, transcript, stderrTail } = run;
  if (exitCode === null || exitCode === 0 || transcript.lastActivity !== undefined) return undefined;
  const lines = stderrTail.slice(-bounds.stderr).split("\n").map(visibleLine);
  const said = lines.filter((line) => line !== "");
  const words = (pattern: RegExp) => said.find((line) => pattern.test(line.slice(0, bounds.message)));
  const last = said.at(-1);
  const binary = words(takenForCommand);
  if (exitCode === 127 && binary !== undefined) return diagnosis("program-unusable", binary);
  if (exitCode === 127)
    return diagnosis("program-missing", words(/not found|no such file|cannot execute|can't execute/i) ?? last);
  if (exitCode === 126) return diagnosis("program-unusable", words(unusable) ?? last);
  const script = exitCode === 2 ? words(takenForScript) : undefined;
  if (script !== undefined) return diagnosis("program-unusable", script);
  const unfit =
    words(withoutBinary) ??
    (exitCode === 132
      ? last === undefined
        ? "illegal instruction"
        : words(/illegal instruction/i)
      : words(/exec format error/i));
  return unfit === undefined ? undefined : diagnosis("program-unusable", unfit);
}

/** 1.0.185 prints its usage on stdout where an option is given that it does not know, and no word about which. */
export function explainUsage({ exitCode, transcript, lastLines = [] }: EndedRun): Diagnosis | undefined {
  if (exitCode === 0 || transcript.lastActivity !== undefined) return undefined;
  if (!lastLines.some((line) => /^ {2,8}(?:-[a-z], )?--(?:file|format|title|port) /.test(line))) return undefined;
  return {
    kind: "failed",
    message: "OpenCode does not know an argument of its command line, and printed its usage",
    hint: "Take out what extraArgs adds. If there is nothing, this OpenCode is too old: use an image with a later version.",
  };
}

function diagnosis(kind: "program-missing" | "program-unusable", words: string | undefined): Diagnosis {
  const meaning =
    kind === "program-missing"
      ? "The agent's image has no opencode that can be started"
      : "The opencode of the agent's image cannot run on this node";
  const told = words === undefined ? "the shell said nothing about it" : words.slice(0, 600);
  return {
    kind,
    message: `${meaning}: ${told}`,
    hint: kind === "program-missing" ? hints.missing : hints.unusable,
  };
}
