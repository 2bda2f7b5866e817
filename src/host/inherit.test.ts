import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Pod } from "../cluster/cluster.ts";
import type { Container } from "./host.ts";
import { extractHost } from "./inherit.ts";

/** A Deployment's pod as a real API server 1.34 returned it. */
const recorded: Pod = JSON.parse(
  readFileSync(new URL("../../test/fixtures/paperclip/pod.json", import.meta.url), "utf8"),
);

/** The recorded pod with changes to Paperclip's container or to the spec around it. */
function podWith(changes: { container?: Partial<Container>; spec?: Partial<NonNullable<Pod["spec"]>> }): Pod {
  const pod = structuredClone(recorded);
  const spec = pod.spec!;
  const containers = spec.containers.map((container) =>
    container.name === "paperclip" ? { ...container, ...changes.container } : container,
  );
  return { ...pod, spec: { ...spec, containers, ...changes.spec } };
}

function hostOf(pod: Pod) {
  return extractHost(pod)!;
}

describe("a Job inherits from Paperclip's pod", () => {
  const host = hostOf(recorded);

  test("the image of the container named paperclip, not of a sidecar before it", () => {
    expect(host.image).toBe("docker.io/local/agent:1");
  });

  test("who it is, pull secrets (also those of its service account) and DNS", () => {
    expect(host).toMatchObject({
      namespace: "hostfx",
      podName: "paperclip-5cd96c9fb9-rs76r",
      imagePullSecrets: [{ name: "registry-login" }],
      dnsPolicy: "ClusterFirst",
      dnsConfig: { nameservers: ["10.88.0.1"], options: [{ name: "ndots", value: "2" }] },
    });
  });

  test("the claim at /paperclip with its folder", () => {
    expect(host.sharedVolume).toEqual({ claimName: "paperclip-data", subPath: "tenant-a", readOnly: false });
  });

  test("its node selector, and its tolerations without the two that every pod has", () => {
    expect(host.nodeSelector).toEqual({ "kubernetes.io/os": "linux" });
    expect(host.tolerations).toEqual([{ key: "dedicated", operator: "Equal", value: "agents", effect: "NoSchedule" }]);
  });

  test("Secret, ConfigMap and projected volumes with their mounts, but no token, scratch space or key of the server", () => {
    expect(host.mounts.map(({ volume, mounts }) => [volume.name, mounts.map((mount) => mount.mountPath)])).toEqual([
      ["git", ["/etc/git"]],
      ["ca", ["/etc/ssl/extra/ca.pem"]],
      ["mixed", ["/etc/mixed"]],
    ]);
    expect(host.mounts[0]?.volume.secret).toEqual({ secretName: "git-credentials", defaultMode: 288 });
    expect(host.mounts[1]?.mounts[0]).toMatchObject({ subPath: "ca.pem", readOnly: true });
    expect(host.mounts[2]?.volume.projected?.sources).toEqual([{ secret: { name: "git-credentials" } }]);
  });

  test("its environment, literal and by reference, without the server's secrets", () => {
    expect(host.envFrom).toEqual([{ secretRef: { name: "provider-keys" } }]);
    expect(host.env.map((variable) => variable.name)).toEqual([
      "POD_IP",
      "PAPERCLIP_API_URL",
      "OPENAI_API_KEY",
      "NODE_ENV",
    ]);
    expect(host.env[2]?.valueFrom?.secretKeyRef).toEqual({ name: "provider-keys", key: "ANTHROPIC_API_KEY" });
  });

  test("a literal that names Paperclip's own address, not the agent's", () => {
    expect(host.env[1]).toEqual({ name: "PAPERCLIP_API_URL", value: "http://10.88.0.2:3100" });
  });
});

describe("references in literals", () => {
  const podIp = { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } };
  const label = { name: "APP", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } };

  test.each([
    ["$(APP)-$(POD_IP)", "paperclip-10.88.0.2"],
    ["$$(POD_IP)", "$$(POD_IP)"],
    ["$$$(POD_IP)", "$$10.88.0.2"],
    ["$(FROM_A_SECRET)", "$(FROM_A_SECRET)"],
    ["$(LATER)", "$(LATER)"],
    ["$(", "$("],
  ])("%s becomes %s", (value, expected) => {
    const env = [podIp, label, { name: "X", value }, { ...podIp, name: "LATER" }];
    expect(hostOf(podWith({ container: { env } })).env[2]?.value).toBe(expected);
  });

  test("a literal of the same name hides the pod's fact", () => {
    const env = [podIp, { name: "POD_IP", value: "fixed" }, { name: "X", value: "$(POD_IP)" }];
    expect(hostOf(podWith({ container: { env } })).env[2]?.value).toBe("$(POD_IP)");
  });
});

test("a limit of Paperclip's container broke every run, which has no container of that name: it is the agent's own", () => {
  const limit = { resource: "limits.memory", divisor: "1Mi" };
  const ofServer = { name: "LIMIT", valueFrom: { resourceFieldRef: { ...limit, containerName: "paperclip" } } };
  const [inherited] = hostOf(podWith({ container: { env: [ofServer] } })).env;
  expect(inherited).toEqual({ name: "LIMIT", valueFrom: { resourceFieldRef: limit } });
});

describe("other shapes of a pod", () => {
  test("without a container named paperclip the first one counts", () => {
    const pod = podWith({ container: { name: "server" } });
    expect(hostOf(pod).image).toBe("docker.io/library/busybox:1.36");
  });

  test("without a claim at /paperclip there is no shared volume", () => {
    const emptied = podWith({ spec: { volumes: [{ name: "data", emptyDir: {} }] } });
    expect(hostOf(emptied).sharedVolume).toBeUndefined();
    expect(hostOf(podWith({ container: { volumeMounts: [] } })).sharedVolume).toBeUndefined();
  });

  test("a claim mounted with a trailing slash, read-only or by an expression is the shared volume", () => {
    const slash = podWith({
      container: { volumeMounts: [{ name: "data", mountPath: "/paperclip/", readOnly: true }] },
    });
    expect(hostOf(slash).sharedVolume).toEqual({ claimName: "paperclip-data", readOnly: true });
    const expression = podWith({
      container: {
        env: [{ name: "TENANT", value: "a$$b" }],
        volumeMounts: [{ name: "data", mountPath: "/paperclip", subPathExpr: "of-$(TENANT)" }],
      },
    });
    expect(hostOf(expression).sharedVolume?.subPath).toBe("of-a$b");
  });

  test("CSI volumes are inherited, further claims are not", () => {
    const pod = podWith({
      container: {
        volumeMounts: [
          { name: "vault", mountPath: "/vault", readOnly: true },
          { name: "more", mountPath: "/more" },
        ],
      },
      spec: {
        volumes: [
          { name: "vault", csi: { driver: "secrets-store.csi.k8s.io", readOnly: true } },
          { name: "more", persistentVolumeClaim: { claimName: "more" } },
        ],
      },
    });
    expect(hostOf(pod).mounts.map(({ volume }) => volume.name)).toEqual(["vault"]);
  });

  test("a cloud login by service account token stays behind with the variable that names its file", () => {
    const pod = podWith({
      container: {
        env: [
          { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: "/var/run/secrets/eks.amazonaws.com/serviceaccount/token" },
          { name: "AWS_REGION", value: "eu-west-1" },
        ],
        volumeMounts: [{ name: "aws", mountPath: "/var/run/secrets/eks.amazonaws.com/serviceaccount" }],
      },
      spec: { volumes: [{ name: "aws", projected: { sources: [{ serviceAccountToken: { path: "token" } }] } }] },
    });
    expect(hostOf(pod).mounts).toEqual([]);
    expect(hostOf(pod).env.map((variable) => variable.name)).toEqual(["AWS_REGION"]);
  });

  test("a toleration that only looks like the default one is kept", () => {
    const toleration = {
      key: "node.kubernetes.io/not-ready",
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: 30,
    };
    expect(hostOf(podWith({ spec: { tolerations: [toleration] } })).tolerations).toEqual([toleration]);
  });

  test("a pod without containers is no host", () => {
    expect(extractHost({ metadata: { name: "x" } })).toBeUndefined();
    expect(extractHost(podWith({ spec: { containers: [] } }))).toBeUndefined();
  });
});
