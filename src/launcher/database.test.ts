import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

describe.each(shells)("the agent's database under $name", { timeout: 20_000 }, ({ shell }) => {
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

  test("sets a kept database aside when told to discard it, and keeps it there while the next one is kept", async () => {
    const saved = join(dir, "saved");
    const env = { OPENCODE_K8S_SAVED_DB: saved };
    await launch({ shell, env, script: 'printf db1 > "$OPENCODE_DB"; printf wal1 > "$OPENCODE_DB-wal"' });
    rmSync(join(dir, "run"), { recursive: true });
    const { stdout, said } = await launch({
      shell,
      env: { ...env, OPENCODE_K8S_RUN_ID: "r2", OPENCODE_K8S_DISCARD_DB: "1" },
      script: '[ -e "$OPENCODE_DB" ] || echo fresh; printf db2 > "$OPENCODE_DB"',
    });
    expect(stdout).toEqual(["fresh"]);
    expect(said).toEqual([expect.stringContaining("set aside")]);
    expect(readFileSync(join(saved, "set-aside/opencode.db"), "utf8")).toBe("db1");
    expect(readFileSync(join(saved, "set-aside/opencode.db-wal"), "utf8")).toBe("wal1");
    expect(readFileSync(join(saved, "db-r2/opencode.db"), "utf8")).toBe("db2");
  });

  test("sets the database of a claim aside with what stands in its WAL alone", async () => {
    const database = join(dir, "claim/opencode.db");
    mkdirSync(join(dir, "claim"));
    for (const [file, content] of [
      [database, "db1"],
      [`${database}-wal`, "wal1"],
      [`${database}-shm`, "shm1"],
    ] as const)
      writeFileSync(file, content);
    const { stdout } = await launch({
      shell,
      env: { OPENCODE_DB: database, OPENCODE_K8S_DISCARD_DB: "1" },
      script: 'ls "${OPENCODE_DB%/*}"',
    });
    expect(stdout).toEqual(["opencode.db.set-aside", "opencode.db.set-aside-wal"]);
    expect(readFileSync(`${database}.set-aside-wal`, "utf8")).toBe("wal1");
  });
});
