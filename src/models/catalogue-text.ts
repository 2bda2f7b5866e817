import { homedir } from "node:os";
import path from "node:path";
import { readUntrustedFile } from "../lib/read-untrusted-file.ts";
import type { Env } from "../volume/homes.ts";
import { rulesForFolder } from "../volume/read-rules.ts";

/** The catalogue of 1.18.33 has 3 MB. */
const mostBytes = 16 * 1024 * 1024;
const fetchTimeoutMs = 10_000;

/** Where OpenCode 1.18.33 fetches its catalogue from. */
const defaultAddress = "https://models.opencode.ai";

/**
 * OpenCode's catalogue of models from where OpenCode itself fetches it, by the same variables. Undefined: the operator
 * has turned fetching off. Throws when it does not come in time.
 */
export async function fetchCatalogue(env: Env, get: typeof fetch = fetch): Promise<string | undefined> {
  if (/^(1|true)$/i.test(env["OPENCODE_DISABLE_MODELS_FETCH"]?.trim() ?? "")) return undefined;
  const address = env["OPENCODE_MODELS_URL"]?.trim() || defaultAddress;
  const response = await get(`${address}/api.json`, { signal: AbortSignal.timeout(fetchTimeoutMs) });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new Error(`${new URL(address).host} answered ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > mostBytes) throw new Error(`the answer of ${new URL(address).host} has more than ${mostBytes} bytes`);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The catalogue that an OpenCode has left on the server's disk. Agents may have written it: only names are taken of it. */
export async function readCachedCatalogue(env: Env): Promise<string> {
  const cache = env["XDG_CACHE_HOME"] || path.join(env["HOME"] || homedir(), ".cache");
  const file = path.resolve(env["OPENCODE_MODELS_PATH"]?.trim() || path.join(cache, "opencode", "models.json"));
  return readUntrustedFile(file, { ...rulesForFolder(path.dirname(file), env), maxBytes: mostBytes });
}
