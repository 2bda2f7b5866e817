import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Launch, launch as launchIn, shells } from "../../test/support/launch.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "launcher-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const launch = (run: Omit<Launch, "dir">) => launchIn({ dir, ...run });

describe.each(shells)("the launcher under $name", { timeout: 20_000 }, ({ shell }) => {
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

  test("leaves no process behind when it is killed", async () => {
    const script = "kill -KILL $PPID";
    await launch({ shell, env: { OPENCODE_K8S_BEAT_SEC: "0.2" }, script }).catch(() => undefined);
    await expect.poll(() => processesIn(dir), { timeout: 5_000 }).toEqual([]);
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
});

/** Ids of the processes whose working directory is below the folder. */
function processesIn(folder: string): string[] {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readlinkSync(`/proc/${name}/cwd`).startsWith(folder);
    } catch {
      return false; // ended meanwhile
    }
  });
}

const tools = ["sh", "env", "mkdir", "mkfifo", "rm", "cat", "sleep", "printf", "tr", "head", "seq"];
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
