import { spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Launch, launch as launchIn, shells } from "../../test/support/launch.ts";

let dir: string;
let saved: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "launcher-"));
  saved = join(dir, "shared/.opencode-k8s/agent-1");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const canary = "key-of-the-victim-4711";
const launch = (run: Omit<Launch, "dir">) =>
  launchIn({ dir, ...run, env: { OPENCODE_K8S_SAVED_DB: saved, PROVIDER_KEY: canary, ...run.env } });

function plant(pointer: string | null = "db-r0"): string {
  mkdirSync(join(saved, "db-r0"), { recursive: true });
  if (pointer !== null) writeFileSync(join(saved, "current"), pointer);
  return join(saved, "db-r0");
}

/** Everything on the shared volume, links not followed. */
function onVolume(folder = join(dir, "shared")): string {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => {
      const place = join(folder, entry.name);
      if (entry.isDirectory()) return onVolume(place);
      return entry.isFile() ? readFileSync(place, "latin1") : "";
    })
    .join("\n");
}

const writesDatabase = '[ -e "$OPENCODE_DB" ] && cat "$OPENCODE_DB" || echo fresh; printf own > "$OPENCODE_DB"';

describe.each(shells)(
  "what another agent plants for a victim's database, under $name",
  { timeout: 20_000 },
  ({ shell }) => {
    test.each([
      [
        "a link to the victim's environment",
        (folder: string) => symlinkSync("/proc/self/environ", join(folder, "opencode.db")),
      ],
      [
        "a WAL that is such a link",
        (folder: string) => {
          writeFileSync(join(folder, "opencode.db"), "db");
          symlinkSync("/proc/self/environ", join(folder, "opencode.db-wal"));
        },
      ],
      ["a pipe that nobody writes to", (folder: string) => void spawnSync("mkfifo", [join(folder, "opencode.db")])],
      ["a folder", (folder: string) => mkdirSync(join(folder, "opencode.db"))],
      ["a link that leads nowhere", (folder: string) => symlinkSync("/nowhere", join(folder, "opencode.db"))],
    ])("%s is not taken: the run starts a fresh one, and leaves nothing of the victim's", async (_, put) => {
      put(plant());
      const { stdout, said, code } = await launch({ shell, script: writesDatabase });
      expect(stdout).toEqual(["fresh"]);
      expect(said).toEqual([expect.stringContaining("this run starts a fresh one")]);
      expect(code).toBe(0);
      expect(onVolume()).not.toContain(canary);
      expect(readFileSync(join(saved, "db-r1/opencode.db"), "utf8")).toBe("own");
      expect(lstatSync(join(saved, "db-r1/opencode.db")).isFile()).toBe(true);
    });

    test("a file without an end is not copied beyond its bound", async () => {
      const folder = plant();
      writeFileSync(join(folder, "opencode.db"), "");
      truncateSync(join(folder, "opencode.db"), 2 ** 33);
      const env = { OPENCODE_K8S_SAVED_DB_MAX: "1000000" };
      const { stdout, said } = await launch({ shell, env, script: writesDatabase });
      expect(stdout).toEqual(["fresh"]);
      expect(said).toEqual([expect.stringContaining("cannot be read")]);
    });

    test.each([["../agent-2"], [".."], ["db-r0/../../agent-2"], ["/etc"], ["db-"], [""], ["db-r0\nx"], ["db-", 5_000]])(
      "a pointer %j leads nowhere",
      async (text: string, times = 1) => {
        const pointer = text.repeat(Number(times));
        const other = join(dir, "shared/.opencode-k8s/agent-2");
        mkdirSync(other, { recursive: true });
        writeFileSync(join(other, "opencode.db"), "of another agent");
        plant(pointer);
        const { stdout, code } = await launch({ shell, script: writesDatabase });
        expect(stdout).toEqual(["fresh"]);
        expect(code).toBe(0);
        const discarding = { OPENCODE_K8S_DISCARD_DB: "1", OPENCODE_K8S_RUN_ID: "r2" };
        writeFileSync(join(saved, "current"), pointer);
        rmSync(join(dir, "run"), { recursive: true });
        await launch({ shell, env: discarding, script: "true" });
        expect(readFileSync(join(other, "opencode.db"), "utf8")).toBe("of another agent");
      },
    );

    test.each([
      ["the pointer", () => symlinkSync("/proc/self/environ", join(saved, "current"))],
      [
        "the database's folder",
        () => {
          rmSync(join(saved, "db-r0"), { recursive: true });
          mkdirSync(join(dir, "elsewhere"));
          writeFileSync(join(dir, "elsewhere/opencode.db"), "planted");
          symlinkSync(join(dir, "elsewhere"), join(saved, "db-r0"));
          writeFileSync(join(saved, "current"), "db-r0");
        },
      ],
    ])("%s as a link is not followed", async (_, put) => {
      plant(null);
      put();
      const { stdout } = await launch({ shell, script: writesDatabase });
      expect(stdout).toEqual(["fresh"]);
      expect(onVolume()).not.toContain(canary);
      expect(lstatSync(join(saved, "current")).isFile()).toBe(true);
    });

    test("the agent's whole folder as a link is neither read nor written through", async () => {
      mkdirSync(join(dir, "shared/.opencode-k8s"), { recursive: true });
      mkdirSync(join(dir, "elsewhere"));
      symlinkSync(join(dir, "elsewhere"), saved);
      const { said, code } = await launch({ shell, script: writesDatabase });
      expect(code).toBe(0);
      expect(said.join()).toContain("cannot be kept");
      expect(readdirSync(join(dir, "elsewhere"))).toEqual([]);
    });

    test("a pointer that is a folder, or a link to one, is replaced and nothing lands in it", async () => {
      plant(null);
      mkdirSync(join(dir, "elsewhere"));
      symlinkSync(join(dir, "elsewhere"), join(saved, "current"));
      await launch({ shell, script: writesDatabase });
      expect(readFileSync(join(saved, "current"), "utf8")).toBe("db-r1");
      expect(readdirSync(join(dir, "elsewhere"))).toEqual([]);
    });

    test("a database that the agent itself has replaced by a link is not kept", async () => {
      const { code } = await launch({ shell, script: 'ln -s /proc/self/environ "$OPENCODE_DB"' });
      expect(code).toBe(0);
      expect(existsSync(join(saved, "current"))).toBe(false);
    });

    test("an exact database of a run before is still taken", async () => {
      writeFileSync(join(plant(), "opencode.db"), "kept");
      expect((await launch({ shell, script: writesDatabase })).stdout).toEqual(["kept"]);
    });
  },
);

const names =
  "prompt code mark child saved piece run_dir part kept bytes name old ended again text head carry line fifo pump beat terminated interrupted";

test.each(shells)("every variable of the agent's reaches its command as it was set, under $name", async ({ shell }) => {
  const env = Object.fromEntries(names.split(" ").map((name) => [name, `value of ${name}`]));
  const { stdout } = await launch({
    shell,
    env,
    script: `for n in ${names}; do eval "echo \\"\\$n=\\$$n\\""; done; env | grep -c '=n0$' || true`,
  });
  expect(stdout).toEqual([...names.split(" ").map((name) => `${name}=value of ${name}`), "0"]);
});
