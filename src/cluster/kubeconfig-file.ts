import path from "node:path";
import { isWithin } from "../lib/is-within.ts";
import { messageOf } from "../lib/message.ts";
import { type ReadRules, readUntrustedFile } from "../lib/read-untrusted-file.ts";
import { type Env, foldersIn, homeOf, writableHomes } from "../volume/homes.ts";
import { type Login, parseKubeconfig } from "./kubeconfig.ts";
import { misconfigured } from "./unreachable.ts";

/** On Paperclip's Deployment: the folders whose kubeconfigs may run programs and send files, separated by colons. */
export const kubeconfigDirsVariable = "OPENCODE_K8S_KUBECONFIG_DIRS";

export type ReadText = (file: string) => Promise<string>;

export interface OpenedKubeconfig {
  login: Login;
  /** Reads a file that it names. Throws `ApiError` kind "misconfigured". */
  readText: ReadText;
}

/**
 * Reads a kubeconfig whose path is an agent's setting. One that agents could have written is refused; what makes the
 * server run a program, send a file or speak to a proxy is refused unless the operator has named the folder.
 * Throws `ApiError` kind "misconfigured".
 */
export async function openKubeconfig(kubeconfig: string, env: Env): Promise<OpenedKubeconfig> {
  const file = path.resolve(kubeconfig);
  if (homeOf(file, env) !== undefined) {
    throw misconfigured(
      `the kubeconfig ${file} is not used: agents may write there; mount it outside ${writableHomes(env).join(" and ")}`,
    );
  }
  const folder = foldersIn(env[kubeconfigDirsVariable]).find((one) => isWithin(file, one));
  const common = { without: writableHomes(env), followLinks: true };
  const everywhere = { ...common, within: [{ path: "/" }], secretFolders: folder !== undefined };
  const text = await reader(
    "the kubeconfig",
    folder ? { ...everywhere, within: [{ path: folder }] } : everywhere,
  )(file);
  const login = await parseKubeconfig(text, file);
  if (folder === undefined) refusePowers(login, file);
  return { login, readText: reader("the kubeconfig's file", everywhere) };
}

function reader(what: string, rules: ReadRules): ReadText {
  return async (file) => {
    try {
      return await readUntrustedFile(file, rules);
    } catch (error) {
      throw misconfigured(`${what} ${file} cannot be read: ${messageOf(error)}`, error);
    }
  };
}

function refusePowers({ user, proxyUrl }: Login, file: string): void {
  const powers: [unknown, string][] = [
    [user.exec, "exec runs a program in Paperclip's server"],
    [user.oidc, "auth-provider sends tokens to an address of its own"],
    [user.tokenFile, "tokenFile sends a file of Paperclip's server"],
    [proxyUrl, "proxy-url sends requests through another server"],
  ];
  const used = powers.flatMap(([value, what]) => (value === undefined ? [] : [what]));
  if (used.length === 0) return;
  throw misconfigured(
    `the kubeconfig ${file} is not used: ${used.join("; ")}. That is allowed for kubeconfigs in folders that ${kubeconfigDirsVariable} on Paperclip's Deployment names`,
  );
}
