import { describeFailure, type FailureCode } from "../../failure/failure.ts";
import { type Finding, finding } from "../finding.ts";
import type { PreflightFacts, PreflightOutcome } from "./outcome.ts";
import type { PreflightReport } from "./report.ts";

/** What the look from inside a pod means for the agent's runs. */
export function preflightFindings(outcome: PreflightOutcome, facts: PreflightFacts): Finding[] {
  switch (outcome.kind) {
    case "ended":
      return [...started(outcome.report, facts), ...endFindings(outcome)];
    case "failed":
      return [...(isTold(outcome.report) ? started(outcome.report, facts) : []), failureFinding(outcome)];
    case "waiting":
      return [waitingFinding(outcome)];
    case "late":
      return [...started(outcome.report, facts), ...incomplete(outcome.report, `within ${seconds(outcome.waitedMs)}`)];
  }
}

/** No failure: a node, a volume or a large image may be on its way. */
export function waitingFinding({ why, waitedMs }: { why: string; waitedMs: number }): Finding {
  const text = `A pod with these settings has not started within ${seconds(waitedMs)}; still waiting for ${why}`;
  return finding("k8s_preflight_waiting", text);
}

function started(report: PreflightReport, facts: PreflightFacts): Finding[] {
  const but = facts.withoutClaim ? ", but without the agent's own database claim" : "";
  return [
    finding("k8s_preflight_started", `The cluster took a pod with these settings${but}, and its container started.`),
    ...opencodeFindings(report, facts),
    ...modelFindings(report, facts),
    ...apiFindings(report, facts),
  ];
}

function opencodeFindings({ opencode }: PreflightReport, { image }: PreflightFacts): Finding[] {
  switch (opencode?.kind) {
    case "version":
      return [finding("opencode_version", `Image ${image} has OpenCode ${opencode.version}.`)];
    case "missing":
      return [finding("opencode_missing", `Image ${image} has no opencode on its PATH.`)];
    case "failed":
      if (opencode.exitCode === late)
        return [
          finding("k8s_preflight_incomplete", `\`opencode --version\` did not answer in time in image ${image}.`),
        ];
      return [unusable(`opencode does not run in image ${image}: ${why(opencode)}.`, opencode)];
    default:
      return [];
  }
}

function modelFindings({ model }: PreflightReport, facts: PreflightFacts): Finding[] {
  switch (model?.kind) {
    case "listed":
      return [
        finding(
          "opencode_model_known",
          `OpenCode lists model ${facts.model}; whether its provider answers, only a run shows.`,
        ),
      ];
    case "unlisted":
      return [
        finding(
          model.ofProvider === 0 ? "opencode_model_unknown" : "opencode_model_unlisted",
          unlistedText(model, facts.model),
        ),
      ];
    case "failed":
      if (model.exitCode === killed)
        return [unusable(`\`opencode models\` did not come to its end: ${why(model)}.`, model)];
      return [
        finding("opencode_models_unlisted", `Whether OpenCode knows model ${facts.model} is open: ${why(model)}.`),
      ];
    default:
      return [];
  }
}

const offersShown = 5;

function unlistedText(
  { all, ofProvider, offers }: Extract<PreflightReport["model"], { kind: "unlisted" }>,
  model: string,
): string {
  const [provider = ""] = model.split("/", 1);
  const text = `OpenCode lists ${all} models in the agent's pod, and ${model} is not one of them`;
  if (ofProvider === 0) return `${text}, nor is any of provider ${provider}.`;
  const nearest = offers.toSorted((left, right) => shared(right, model) - shared(left, model)).slice(0, offersShown);
  return `${text}. Of provider ${provider} it lists ${ofProvider}, such as ${nearest.join(", ")}.`;
}

/** How many characters two names have in common from their beginning. */
function shared(left: string, right: string): number {
  let length = 0;
  while (length < left.length && left[length] === right[length]) length += 1;
  return length;
}

function apiFindings({ api }: PreflightReport, { apiUrl: at }: PreflightFacts): Finding[] {
  switch (api?.kind) {
    case "status":
      if (api.status >= 200 && api.status < 300)
        return [finding("k8s_api_url_reachable", `The agent's pod reaches Paperclip at ${at}.`)];
      return [finding("k8s_api_url_refused", `${at} answers the agent's pod with HTTP status ${api.status}.`)];
    case "failed":
      return [
        finding(
          "k8s_api_url_unreachable",
          `The agent's pod does not reach Paperclip at ${at}${api.words ? `: ${api.words}` : ""}`,
        ),
      ];
    case "untested":
      return [
        finding("k8s_api_url_untested", `Whether the agent's pod reaches Paperclip at ${at} could not be tried.`),
      ];
    default:
      return [];
  }
}

interface Failed {
  exitCode: number;
  words: string;
}

/** Of a program that got KILL: by the kernel, for its container's limit of memory. */
const killed = 137;
/** Of a program that our script ended. */
const late = 124;

function unusable(text: string, { exitCode }: Failed): Finding {
  return finding(
    "opencode_unusable",
    text,
    exitCode === killed ? describeFailure("k8s_out_of_memory").hint : undefined,
  );
}

function why({ exitCode, words }: Failed): string {
  if (exitCode === late) return "no answer in time";
  if (exitCode === killed) return "it was killed (137), as happens for lack of memory";
  return words === ""
    ? `it ended with code ${exitCode}`
    : `it ended with code ${exitCode}, ${words.replace(/\.$/, "")}`;
}

/** The launcher has said why. The script's own end is always 0. */
const launcherGaveUp = 70;

function endFindings({ exitCode, outOfMemory, report, said }: Extract<PreflightOutcome, { kind: "ended" }>): Finding[] {
  if (outOfMemory) {
    const text = "The agent's container used more memory than its limit and was killed.";
    return [finding("k8s_preflight_failed", text, describeFailure("k8s_out_of_memory").hint)];
  }
  if (exitCode !== 0) {
    const words = exitCode === launcherGaveUp ? said.at(-1) : undefined;
    return [
      finding("k8s_preflight_failed", `The agent's container ended with code ${exitCode}${words ? `: ${words}` : ""}.`),
    ];
  }
  return incomplete(report, "before it ended");
}

function incomplete(report: PreflightReport, when: string): Finding[] {
  const open = untold(report);
  if (open.length === 0) return [];
  return [finding("k8s_preflight_incomplete", `The agent's pod did not tell ${when}: ${open.join(", ")}.`)];
}

/** A quota may have room later, an image may be pushed and a registry come back, but as it stands no run gets in. */
const standing: ReadonlySet<FailureCode> = new Set([
  "k8s_quota_exceeded",
  "k8s_image_pull_failed",
  "k8s_registry_unavailable",
]);

/** What the cluster refused or ended, in its words. */
export function failureFinding({ code, message }: { code: FailureCode; message: string }): Finding {
  if (code === "k8s_config_invalid" || code === "k8s_policy_denied") return finding(code, message);
  const { family, hint } = describeFailure(code);
  const passes = (family === "transient_upstream" && !standing.has(code)) || code === "k8s_outcome_unknown";
  if (passes) return finding("k8s_preflight_interrupted", message);
  return finding("k8s_preflight_not_started", message, hint);
}

function untold({ opencode, model, api }: PreflightReport): string[] {
  const hasOpencode = opencode === undefined || opencode.kind === "version";
  return [
    ...(opencode ? [] : ["OpenCode's version"]),
    ...(model || !hasOpencode ? [] : ["whether the model is known"]),
    ...(api ? [] : ["whether Paperclip can be reached"]),
  ];
}

function isTold(report: PreflightReport): boolean {
  return Object.keys(report).length > 0;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
