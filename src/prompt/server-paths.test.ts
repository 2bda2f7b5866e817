import { expect, test } from "vitest";
import { relocateServerPaths } from "./server-paths.ts";

const scratch = "/tmp/paperclip-run-acme-1-x7";
const launchers = "/tmp/paperclip-github-runtime/run-1";
const serverPath = "/usr/local/bin:/usr/bin";
const place = { scratchDir: "/opencode-run/tmp", sharedHome: "/paperclip", serverPath };

test("an environment without the server's folders stays as it is", () => {
  const env = { A: "1", PATH: "/x", TMPDIR: "/tmp" };
  expect(relocateServerPaths(env, place)).toEqual({ env, warnings: [] });
});

test("scratch variables name the pod's folder", () => {
  const env = {
    PAPERCLIP_RUN_SCRATCH_DIR: scratch,
    PAPERCLIP_SCRATCH_DIR: scratch,
    TMPDIR: scratch,
    TEMP: "/own",
    X: `${scratch}/x`,
    Y: `${scratch}y`,
  };
  expect(relocateServerPaths(env, place).env).toEqual({
    PAPERCLIP_RUN_SCRATCH_DIR: "/opencode-run/tmp",
    PAPERCLIP_SCRATCH_DIR: "/opencode-run/tmp",
    TMPDIR: "/opencode-run/tmp",
    TEMP: "/own",
    X: "/opencode-run/tmp/x",
    Y: `${scratch}y`,
  });
});

test("launchers that only the server has are left out, with a word about it", () => {
  const env = {
    PAPERCLIP_GITHUB_LAUNCHER_DIR: launchers,
    PATH: `${launchers}:${serverPath}`,
    ZDOTDIR: launchers,
    BASH_ENV: `${launchers}/.bashrc`,
    GH_CONFIG_DIR: `${launchers}/gh-config`,
    GH_TOKEN: "",
  };
  const relocated = relocateServerPaths(env, place);
  expect(relocated.env).toEqual({ GH_TOKEN: "" });
  expect(relocated.warnings).toEqual([expect.stringContaining("GitHub")]);
});

test("a search path of the agent's own settings stays", () => {
  const env = { PAPERCLIP_GITHUB_LAUNCHER_DIR: launchers, PATH: `${launchers}:/opt/tools:/usr/bin` };
  expect(relocateServerPaths(env, place).env).toEqual({ PATH: "/opt/tools:/usr/bin" });
});

test("launchers on the shared volume stay", () => {
  const shared = "/paperclip/tmp/paperclip-github-runtime/run-1";
  const env = { PAPERCLIP_GITHUB_LAUNCHER_DIR: shared, PATH: `${shared}:${serverPath}` };
  expect(relocateServerPaths(env, place)).toEqual({ env, warnings: [] });
  expect(relocateServerPaths(env, { ...place, sharedHome: undefined }).env).toEqual({});
});
