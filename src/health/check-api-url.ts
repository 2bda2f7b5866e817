import { isLoopback } from "../lib/loopback.ts";
import { type Finding, finding } from "./finding.ts";
import type { Site } from "./site.ts";

/** Agents call Paperclip back at the address that the server has in its environment (it sets the variable itself if unset). */
export function checkApiUrl({ env }: Site): Finding[] {
  const url = env["PAPERCLIP_API_URL"] ?? "";
  if (URL.canParse(url) && !isLoopback(url)) return [finding("k8s_api_url_set", `Agents reach Paperclip at ${url}.`)];
  const found = url === "" ? "not set" : url;
  return [finding("k8s_api_url_loopback", `PAPERCLIP_API_URL is ${found}: from a pod, that is not Paperclip.`)];
}
