import type { FailureCode } from "../failure/failure.ts";
import { classifyPull } from "./classify-pull.ts";

/**
 * How long a reason may stand before it is a failure. `final`: at once. `soon`: `suspectMs`, since the kubelet tries
 * again and a race with a Secret that is just being made passes. `long`: `pullMs`, since what is away comes back.
 */
export type Patience = "final" | "soon" | "long";

export interface WaitingReason {
  code: FailureCode;
  /** In plain words, without a full stop: the kubelet's own words follow it. */
  meaning: string;
  patience: Patience;
}

/**
 * Reasons that the kubelet gives a container that waits, other than the ordinary ContainerCreating and PodInitializing
 * (Kubernetes 1.37, pkg/kubelet/images/types.go and pkg/kubelet/container/sync_result.go).
 */
const reasons: Readonly<Record<string, WaitingReason>> = {
  InvalidImageName: { code: "k8s_image_name_invalid", meaning: "Invalid image reference", patience: "final" },
  ErrImageNeverPull: {
    code: "k8s_image_pull_failed",
    meaning: "The image is not on the node, and imagePullPolicy Never forbids to pull it",
    patience: "final",
  },
  SignatureValidationFailed: {
    code: "k8s_image_pull_failed",
    meaning: "The image's signature is not valid by the node's policy",
    patience: "soon",
  },
  ImageInspectError: {
    code: "k8s_image_pull_failed",
    meaning: "The node cannot read the image that it has pulled",
    patience: "soon",
  },
  CreateContainerConfigError: {
    code: "k8s_container_config_error",
    meaning: "The container's configuration cannot be used",
    patience: "soon",
  },
  CreateContainerError: {
    code: "k8s_container_start_failed",
    meaning: "The container cannot be created",
    patience: "soon",
  },
  PreCreateHookError: {
    code: "k8s_container_start_failed",
    meaning: "A hook of the kubelet before the container's creation failed",
    patience: "soon",
  },
  PreStartHookError: {
    code: "k8s_container_start_failed",
    meaning: "A hook of the kubelet before the container's start failed",
    patience: "soon",
  },
  PostStartHookError: {
    code: "k8s_container_start_failed",
    meaning: "The container's postStart hook failed, so the kubelet ends the container",
    patience: "soon",
  },
  RunContainerError: {
    code: "k8s_container_start_failed",
    meaning: "The container cannot be started",
    patience: "soon",
  },
  CrashLoopBackOff: {
    code: "k8s_init_container_failed",
    meaning: "A container that the pod needs ends again and again",
    patience: "long",
  },
};

const pullReasons: ReadonlySet<string> = new Set(["ErrImagePull", "ImagePullBackOff", "RegistryUnavailable"]);

/** What a waiting reason means; undefined for one that is no failure, or that is not known. */
export function waitingReason(reason: string, message: string): WaitingReason | undefined {
  return pullReasons.has(reason) ? classifyPull(reason, message) : reasons[reason];
}
