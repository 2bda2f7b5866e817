import { describe, expect, test } from "vitest";
import { pod } from "../../test/support/run-parts.ts";
import { podVerdict } from "./pod-verdict.ts";
import { waitingReason } from "./waiting-reasons.ts";

describe("what the kubelet says of a pull", () => {
  test.each([
    [
      "429 of Docker Hub",
      'rpc error: code = Unknown desc = failed to pull and unpack image "docker.io/library/x:1": 429 Too Many Requests - toomanyrequests: You have reached your unauthenticated pull rate limit.',
      "k8s_registry_unavailable",
      "long",
    ],
    ["the kubelet's own limit", "pull QPS exceeded", "k8s_registry_unavailable", "long"],
    [
      "no such host",
      'failed to do request: Head "https://registry.example.com/v2/": dial tcp: lookup registry.example.com: no such host',
      "k8s_registry_unavailable",
      "long",
    ],
    [
      "a registry that restarts",
      "unexpected status from HEAD request: 503 Service Unavailable",
      "k8s_registry_unavailable",
      "long",
    ],
    ["a handshake that takes long", "net/http: TLS handshake timeout", "k8s_registry_unavailable", "long"],
    [
      "an image that is not there",
      'failed to resolve reference "docker.io/local/x:9": docker.io/local/x:9: not found',
      "k8s_image_pull_failed",
      "soon",
    ],
    ["an unknown manifest", "manifest unknown: manifest unknown", "k8s_image_pull_failed", "soon"],
    [
      "no right to pull",
      "pull access denied, repository does not exist or may require authorization: authorization failed",
      "k8s_image_pull_failed",
      "soon",
    ],
    ["a wrong password", "unexpected status: 401 Unauthorized", "k8s_image_pull_failed", "soon"],
    ["words that nobody knows", "something else", "k8s_image_pull_failed", "soon"],
  ])("%s", (_, message, ...[code, patience]) => {
    expect(waitingReason("ErrImagePull", message)).toMatchObject({ code, patience });
    expect(waitingReason("ImagePullBackOff", message)).toMatchObject({ code, patience });
  });
});

test.each([
  ["InvalidImageName", "final", "k8s_image_name_invalid"],
  ["ErrImageNeverPull", "final", "k8s_image_pull_failed"],
  ["SignatureValidationFailed", "soon", "k8s_image_pull_failed"],
  ["ImageInspectError", "soon", "k8s_image_pull_failed"],
  ["RegistryUnavailable", "long", "k8s_registry_unavailable"],
  ["CreateContainerConfigError", "soon", "k8s_container_config_error"],
  ["CreateContainerError", "soon", "k8s_container_start_failed"],
  ["PreCreateHookError", "soon", "k8s_container_start_failed"],
  ["PreStartHookError", "soon", "k8s_container_start_failed"],
  ["PostStartHookError", "soon", "k8s_container_start_failed"],
  ["RunContainerError", "soon", "k8s_container_start_failed"],
  ["CrashLoopBackOff", "long", "k8s_init_container_failed"],
])("%s is %s, and its message has the kubelet's own words", (reason, patience, code) => {
  expect(waitingReason(reason, "")).toMatchObject({ code, patience });
  const verdict = podVerdict(
    pod({ phase: "Pending", state: { waiting: { reason, message: "words of the kubelet" } } }),
    "opencode",
  );
  const failure =
    verdict.kind === "failed" ? verdict.failure : verdict.kind === "waiting" ? verdict.suspect : undefined;
  expect(failure).toMatchObject({
    code,
    message: expect.stringMatching(new RegExp(`${reason}.*words of the kubelet`)),
  });
  expect(verdict.kind).toBe(patience === "final" ? "failed" : "waiting");
});

test("a container that is being made waits for nothing special", () => {
  expect(waitingReason("ContainerCreating", "")).toBeUndefined();
  expect(waitingReason("PodInitializing", "")).toBeUndefined();
});

describe("a native sidecar", () => {
  const sidecar = (state: object, more: object = {}) => {
    const own = pod({
      phase: "Pending",
      status: { initContainerStatuses: [{ name: "mesh", image: "mesh:1", state, ...more }] },
    });
    return {
      ...own,
      spec: {
        ...own.spec,
        containers: own.spec?.containers ?? [],
        initContainers: [{ name: "mesh", restartPolicy: "Always" }],
      },
    };
  };

  test("that ended while it starts is started again by the kubelet: no failure", () => {
    expect(podVerdict(sidecar({ terminated: { exitCode: 1, reason: "Error" } }), "opencode").kind).toBe("waiting");
  });

  test("that was ended with its pod is not what the pod failed of", () => {
    const own = sidecar({ terminated: { exitCode: 143, reason: "Error" } });
    const failed = {
      ...own,
      status: { ...own.status, phase: "Failed", reason: "Evicted", message: "The node was low on memory" },
    };
    expect(podVerdict(failed, "opencode")).toMatchObject({ kind: "failed", failure: { code: "k8s_pod_evicted" } });
  });

  test.each([
    ["runs again", { running: { startedAt: "2026-01-01T00:00:00Z" } }],
    ["has just ended", { terminated: { exitCode: 4, reason: "Error" } }],
  ])("that was restarted and %s has not come up: no crash between two back-offs makes it look well", (_, state) => {
    const lastState = { terminated: { exitCode: 4, reason: "Error" } };
    expect(podVerdict(sidecar(state, { restartCount: 2, started: false, lastState }), "opencode")).toMatchObject({
      kind: "waiting",
      why: expect.stringContaining("restarted 2 times): it last ended with code 4 (Error)"),
      suspect: { code: "k8s_init_container_failed", patience: "long", isBackOff: true },
    });
  });

  test("that was restarted and has started since is no concern of the agent's wait", () => {
    const up = sidecar({ running: {} }, { restartCount: 2, started: true });
    expect(podVerdict(up, "opencode")).not.toHaveProperty("suspect");
  });

  test("that ends again and again is told in the kubelet's words", () => {
    const waiting = {
      waiting: { reason: "CrashLoopBackOff", message: "back-off 10s restarting failed container=mesh" },
    };
    expect(podVerdict(sidecar(waiting), "opencode")).toMatchObject({
      kind: "waiting",
      why: expect.stringContaining("back-off 10s restarting failed container=mesh"),
      suspect: { code: "k8s_init_container_failed", patience: "long", isBackOff: false },
    });
  });

  test("is told from an init container, whose failure ends the run", () => {
    const own = sidecar({ terminated: { exitCode: 1, reason: "Error" } });
    const init = { ...own, spec: { ...own.spec, initContainers: [{ name: "mesh" }] } };
    expect(podVerdict(init, "opencode")).toMatchObject({
      kind: "failed",
      failure: { code: "k8s_init_container_failed" },
    });
  });
});
