import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createLineSplitter } from "../lib/lines.ts";
import launcher from "./launcher.sh?raw";
import { LauncherOutput, type OutputEvent } from "./launcher-output.ts";

const shells = [["sh"], ["dash"], ["bash"], ["bash", "--posix"], ["busybox", "sh"]].filter(
  ([program, ...args]) => spawnSync(program!, [...args, "-c", ":"]).status === 0,
);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "launcher-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

interface Run {
  shell: string[];
  script: string;
  env?: Record<string, string>;
  prompt?: string[];
  onLine?: (line: string, kill: (signal: NodeJS.Signals) => void) => void;
}

async function launch({ shell, script, env = {}, prompt = ["hello"], onLine }: Run) {
  const [program = "sh", ...args] = shell;
  const parts = Object.fromEntries(prompt.map((part, index) => [`OPENCODE_K8S_PROMPT_${index}`, part]));
  const child = spawn(program, [...args, "-c", launcher, "launcher", "sh", "-c", script], {
    env: {
      PATH: process.env["PATH"],
      OPENCODE_K8S_NONCE: "n0",
      OPENCODE_K8S_RUN_ID: "r1",
      OPENCODE_K8S_RUN_DIR: join(dir, "run"),
      OPENCODE_K8S_CWD: join(dir, "work"),
      OPENCODE_K8S_PROMPT_PARTS: String(prompt.length),
      OPENCODE_DB: join(dir, "run/db/opencode.db"),
      ...parts,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const output = new LauncherOutput("n0");
  const events: OutputEvent[] = [];
  const raw: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    const splitter = createLineSplitter();
    stream.on("data", (chunk: Buffer) => {
      for (const bytes of splitter.push(chunk)) {
        raw.push(bytes.toString());
        onLine?.(bytes.toString(), (signal) => child.kill(signal));
        events.push(...output.push([{ bytes }]));
      }
    });
  }
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  const texts = (kind: OutputEvent["kind"]) =>
    events.flatMap((event) => (event.kind === kind && "text" in event ? [event.text] : []));
  return { code, events, raw, stdout: texts("stdout"), stderr: texts("stderr"), said: texts("said") };
}

describe.each(shells.map((shell) => ({ shell, name: shell.join(" ") })))(
  "the launcher under $name",
  { timeout: 20_000 },
  ({ shell }) => {
    test("gives the prompt on stdin byte for byte, joined from its parts, and removes its own settings", async () => {
      const prompt = ["a'b\"c $HOME `id` \\n\n", "  ü€😀\ttab", "\n\n"];
      const { stdout, code } = await launch({
        shell,
        prompt,
        script: `cat > "${dir}/got"; env | grep -c OPENCODE_K8S_ || true; pwd`,
      });
      expect(readFileSync(join(dir, "got"), "utf8")).toBe(prompt.join(""));
      expect(stdout).toEqual(["0", join(dir, "work")]);
      expect(code).toBe(0);
    });

    test("keeps the exit code, marks stderr, and says when both streams are complete", async () => {
      const { events, code, raw } = await launch({
        shell,
        script: "echo out; echo err >&2; printf last; printf tail >&2; exit 7",
      });
      expect(code).toBe(7);
      expect(raw[0]).toBe("@n0:start 1");
      expect(events.filter(({ kind }) => kind !== "stderr")).toEqual([
        { kind: "started" },
        { kind: "stdout", text: "out" },
        { kind: "stdout", text: "last" },
        { kind: "ended", exitCode: 7 },
      ]);
      expect(events.filter(({ kind }) => kind === "stderr")).toEqual([
        { kind: "stderr", text: "err" },
        { kind: "stderr", text: "tail" },
      ]);
    });

    test("passes a stderr line of 1 MiB whole, in pieces that the container runtime does not split", async () => {
      const started = Date.now();
      const { stderr, raw } = await launch({ shell, script: "head -c 1048576 /dev/zero | tr '\\0' x >&2; echo >&2" });
      expect(stderr.map(({ length }) => length)).toEqual([2 ** 20]);
      expect(stderr[0] === "x".repeat(2 ** 20)).toBe(true);
      expect(Math.max(...raw.map(({ length }) => length))).toBeLessThan(16_384);
      expect(Date.now() - started).toBeLessThan(10_000);
    });

    test("goes on after bytes that are no text", async () => {
      const { stderr, stdout } = await launch({
        shell,
        script: "printf 'a\\377\\200b\\n\\000\\nnext\\n' >&2; printf 'o\\377\\000p\\nlast\\n'",
      });
      expect(stdout).toEqual(["o\ufffd\ufffdp", "last"]);
      expect(stderr[0]).toBe("a\ufffd\ufffdb");
      expect(stderr.at(-1)).toBe("next");
    });

    test("keeps backslashes, spaces and percent signs of stderr as they are", async () => {
      const { stderr } = await launch({ shell, script: "printf '%s\\n' '  a\\tb %d \\\\ -n ' '' '-e' >&2" });
      expect(stderr).toEqual(["  a\\tb %d \\\\ -n ", "", "-e"]);
    });

    test("forwards TERM and reports the command's own exit code", async () => {
      const { stdout, code } = await launch({
        shell,
        script: "trap 'echo bye; exit 9' TERM; echo ready; while :; do sleep 0.1; done",
        onLine: (line, kill) => line === "ready" && kill("SIGTERM"),
      });
      expect(stdout).toEqual(["ready", "bye"]);
      expect(code).toBe(9);
    });

    test("prints a sign of life that does not tear a stderr line", async () => {
      const { stderr, raw } = await launch({
        shell,
        env: { OPENCODE_K8S_BEAT_SEC: "0.2" },
        script: "printf one- >&2; sleep 0.7; echo two >&2",
      });
      expect(stderr).toEqual(["one-two"]);
      expect(raw.filter((line) => line === "@n0:beat").length).toBeGreaterThan(0);
    });

    test("carries the database and its WAL from one run to the next, also when it was told to stop", async () => {
      const saved = join(dir, "saved");
      const env = { OPENCODE_K8S_SAVED_DB: saved };
      await launch({ shell, env, script: 'printf db1 > "$OPENCODE_DB"; printf wal1 > "$OPENCODE_DB-wal"' });
      rmSync(join(dir, "run"), { recursive: true });
      const second = await launch({
        shell,
        env: { ...env, OPENCODE_K8S_RUN_ID: "r2" },
        script:
          'cat "$OPENCODE_DB" "$OPENCODE_DB-wal"; printf db2 > "$OPENCODE_DB"; echo; trap "exit 143" TERM; while :; do sleep 0.1; done',
        onLine: (line, kill) => line === "db1wal1" && kill("SIGTERM"),
      });
      expect(second.stdout).toEqual(["db1wal1"]);
      rmSync(join(dir, "run"), { recursive: true });
      const third = await launch({ shell, env: { ...env, OPENCODE_K8S_RUN_ID: "r3" }, script: 'cat "$OPENCODE_DB"' });
      expect(third.stdout).toEqual(["db2"]);
      expect(existsSync(join(saved, "db-r1"))).toBe(false);
    });

    test("does not keep a database above its bound, and says so", async () => {
      const env = { OPENCODE_K8S_SAVED_DB: join(dir, "saved"), OPENCODE_K8S_SAVED_DB_MAX: "100" };
      const { said, code } = await launch({ shell, env, script: 'head -c 200 /dev/zero > "$OPENCODE_DB"' });
      expect(code).toBe(0);
      expect(said).toEqual([expect.stringContaining("has 200 bytes and is not kept")]);
      expect(existsSync(join(dir, "saved/current"))).toBe(false);
    });

    test("sets a kept database aside when told to discard it", async () => {
      const saved = join(dir, "saved");
      await launch({ shell, env: { OPENCODE_K8S_SAVED_DB: saved }, script: 'printf db1 > "$OPENCODE_DB"' });
      rmSync(join(dir, "run"), { recursive: true });
      const { stdout, said } = await launch({
        shell,
        env: { OPENCODE_K8S_SAVED_DB: saved, OPENCODE_K8S_DISCARD_DB: "1" },
        script: '[ -e "$OPENCODE_DB" ] || echo fresh',
      });
      expect(stdout).toEqual(["fresh"]);
      expect(said).toEqual([expect.stringContaining("set aside")]);
    });

    test("gives up with its own words when the working directory cannot be used", async () => {
      writeFileSync(join(dir, "file"), "");
      const { code, said, events } = await launch({
        shell,
        env: { OPENCODE_K8S_CWD: join(dir, "file/x") },
        script: "echo never",
      });
      expect(code).toBe(70);
      expect(said.join()).toContain("cannot use the working directory");
      expect(events.at(-1)).toEqual({ kind: "ended", exitCode: 70 });
    });

    test("does not wait for a child that keeps stderr open", async () => {
      mkdirSync(join(dir, "work"));
      const started = Date.now();
      const { stderr } = await launch({ shell, script: "sleep 20 > /dev/null & echo parent >&2" });
      expect(stderr).toEqual(["parent"]);
      expect(Date.now() - started).toBeLessThan(10_000);
    });
  },
);

const tools = ["sh", "env", "mkdir", "mkfifo", "rm", "cat", "sleep", "printf", "sed", "tr", "head", "seq"];
/** What reads stderr depends on what the image has. */
const readers: { name: string; has: Record<string, string> }[] = [
  { name: "perl", has: { perl: "perl" } },
  { name: "an awk that reads what is there", has: { awk: "busybox" } },
  { name: "the shell, with fold", has: { awk: "mawk", fold: "fold" } },
  { name: "the shell alone", has: {} },
].filter(({ has }) => Object.values(has).every((program) => pathOf(program) !== ""));

function pathOf(program: string): string {
  return spawnSync("sh", ["-c", `command -v ${program}`])
    .stdout.toString()
    .trim();
}

describe.each(readers)("stderr read by $name", { timeout: 20_000 }, ({ has }) => {
  const shell = ["sh"];
  let path: string;
  beforeEach(() => {
    path = join(dir, "bin");
    mkdirSync(path);
    for (const tool of tools) symlinkSync(pathOf(tool) || `/bin/${tool}`, join(path, tool));
    for (const [name, program] of Object.entries(has)) symlinkSync(pathOf(program), join(path, name));
  });

  test("lines long and short, empty ones, one without an end, none of them late", async () => {
    const times: number[] = [];
    const { stderr, raw, code } = await launch({
      shell,
      env: { PATH: path, OPENCODE_K8S_BEAT_SEC: "0.3" },
      script:
        "echo first >&2; sleep 1; printf '%s\\n' '  a\\tb %d' >&2; echo >&2; head -c 100000 /dev/zero | tr '\\0' x >&2; " +
        "echo >&2; seq 1 2000 >&2; printf half- >&2; sleep 0.7; printf tail >&2; exit 3",
      onLine: (line) => line === "@n0:e first" && times.push(Date.now()),
    });
    const ended = Date.now();
    const numbers = Array.from({ length: 2_000 }, (_, index) => String(index + 1));
    const long = stderr.splice(3, 1);
    expect(long[0] === "x".repeat(100_000)).toBe(true);
    expect(stderr).toEqual(["first", "  a\\tb %d", "", ...numbers, "half-tail"]);
    expect(raw.filter((line) => line === "@n0:beat").length).toBeGreaterThan(2);
    expect(Math.max(...raw.map(({ length }) => length))).toBeLessThan(16_384);
    expect(ended - (times[0] ?? ended)).toBeGreaterThan(1_500);
    expect(code).toBe(3);
  });
});
