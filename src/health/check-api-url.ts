import { isLoopback } from "../lib/loopback.ts";
import { shownUrl } from "../lib/shown-url.ts";
import type { CheckContext } from "./check-context.ts";
import { type Finding, finding } from "./finding.ts";

/** Agents call Paperclip back at the address that the server has in its environment (it sets the variable itself if unset). */
export function checkApiUrl({ env }: CheckContext): Finding[] {
  const url = env["PAPERCLIP_API_URL"] ?? "";
  const shown = url === "" ? "not set" : shownUrl(url);
  if (URL.canParse(url) && !isLoopback(url))
    return [finding("k8s_api_url_set", `Agents are told to call Paperclip at ${shown}.`)];
  return [finding("k8s_api_url_loopback", `PAPERCLIP_API_URL is ${shown}: from a pod, that is not Paperclip.`)];
}
