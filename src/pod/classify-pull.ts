import type { WaitingReason } from "./waiting-reasons.ts";

const throttled: WaitingReason = {
  code: "k8s_registry_unavailable",
  meaning: "The registry limits how much may be pulled",
  patience: "long",
};
const away: WaitingReason = {
  code: "k8s_registry_unavailable",
  meaning: "The image's registry cannot be reached, or has a fault of its own",
  patience: "long",
};
const missing: WaitingReason = {
  code: "k8s_image_pull_failed",
  meaning: "The registry does not have the image",
  patience: "soon",
};
const denied: WaitingReason = {
  code: "k8s_image_pull_failed",
  meaning: "The registry does not let the node pull the image",
  patience: "soon",
};
const unknown: WaitingReason = {
  code: "k8s_image_pull_failed",
  meaning: "The image cannot be pulled",
  patience: "soon",
};

/** In this order: a registry behind a proxy may quote a later one's words. Words of containerd 2, CRI-O 1.34 and registries. */
const classes: readonly [RegExp, WaitingReason][] = [
  [/\b429\b|too ?many ?requests|rate ?limit|QPS exceeded/i, throttled],
  [/not found|manifest unknown|name unknown|does not exist|no such image|\b404\b/i, missing],
  [/unauthorized|authentication required|denied|forbidden|no basic auth|\b40[13]\b/i, denied],
  [
    /no such host|connection (?:refused|reset)|i\/o timeout|deadline exceeded|timed? ?out|TLS handshake|unexpected EOF|\bEOF$|network is unreachable|no route to host|temporary failure|server misbehaving|service unavailable|bad gateway|\b50[0234]\b|unavailable/i,
    away,
  ],
];

/** Three things look alike to a pod: a registry that throttles, one that is away, and an image that is not there. */
export function classifyPull(reason: string, message: string): WaitingReason {
  if (reason === "RegistryUnavailable") return away;
  return classes.find(([words]) => words.test(message))?.[1] ?? unknown;
}

/** Whether the kubelet's words say nothing but that it waits before the next try (kubelet before 1.31). */
export function isPlainBackOff(reason: string, message: string): boolean {
  return reason === "ImagePullBackOff" && classifyPull(reason, message) === unknown;
}
