import { isWithin } from "../lib/is-within.ts";

type Variables = Readonly<Record<string, string>>;

export interface Relocated {
  env: Record<string, string>;
  warnings: string[];
}

/**
 * Before a run Paperclip makes folders on its own disk and names them in the agent's environment (seen with
 * 2026.916.1): one for scratch files, as `TMPDIR` too, and where a GitHub connection is managed one with launchers for
 * git and gh, at the head of `PATH`. Neither exists in the agent's pod: the first becomes the pod's own, the second goes.
 */
export function relocateServerPaths(
  env: Variables,
  {
    scratchDir,
    sharedHome,
    serverPath,
  }: { scratchDir: string; sharedHome: string | undefined; serverPath: string | undefined },
): Relocated {
  const scratch = env["PAPERCLIP_RUN_SCRATCH_DIR"];
  const launchers = env["PAPERCLIP_GITHUB_LAUNCHER_DIR"];
  const withScratch = scratch ? moved(env, scratch, scratchDir) : { ...env };
  if (!launchers || (sharedHome !== undefined && isWithin(launchers, sharedHome)))
    return { env: withScratch, warnings: [] };
  return {
    env: withoutLaunchers(withScratch, launchers, serverPath),
    warnings: [
      "Paperclip's managed GitHub login does not reach into the agent's pod; git and gh use what the pod's environment offers.",
    ],
  };
}

function moved(env: Variables, from: string, to: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [
      name,
      isWithin(value, from) ? `${to}${value.slice(from.length)}` : value,
    ]),
  );
}

function withoutLaunchers(env: Variables, launchers: string, serverPath: string | undefined): Record<string, string> {
  const kept = Object.entries(env).filter(([, value]) => !isWithin(value, launchers));
  const searchPath = env["PATH"];
  if (searchPath === undefined) return Object.fromEntries(kept);
  const rest = searchPath
    .split(":")
    .filter((folder) => folder !== launchers)
    .join(":");
  // The rest is the server's own search path unless the agent's settings gave one; the pod's image has its own.
  const others = kept.filter(([name]) => name !== "PATH");
  return Object.fromEntries(rest === "" || rest === serverPath ? others : [...others, ["PATH", rest]]);
}
