import { describe, expect, test } from "vitest";
import { builtTemplate, denials, host, jobRequest, type RequestChanges } from "../../test/support/job-request.ts";
import { policyOf } from "../../test/support/parsed.ts";
import { seeded } from "../../test/support/random.ts";
import { type Permit, permits } from "../config/policy/policy.ts";
import { buildRunObjects } from "./build-job.ts";
import { databaseClaimName } from "./names.ts";

const side = (fields: object) => ({ containers: [{ name: "side", image: "side:1", ...fields }] });
const init = (fields: object) => ({ initContainers: [{ name: "before", image: "side:1", ...fields }] });
const agent = (fields: object) => ({ containers: [{ name: "opencode", ...fields }] });
const secured = (securityContext: object) => [
  { securityContext },
  side({ securityContext }),
  init({ securityContext }),
  agent({ securityContext }),
];
/** What only a container's context has. */
const contained = (securityContext: object) => secured(securityContext).slice(1);
const volume = (fields: object) => ({ volumes: [{ name: "extra", ...fields }] });

function withSpec(spec: object, changes: RequestChanges = {}) {
  return denials({ ...changes, settings: { ...changes.settings, podTemplate: { spec } } });
}

const attacks: Readonly<Record<Permit, readonly object[]>> = {
  hostPath: [volume({ hostPath: { path: "/" } })],
  csiVolumes: [volume({ csi: { driver: "secrets-store.csi.k8s.io", volumeAttributes: { secretProviderClass: "p" } } })],
  otherVolumes: [
    volume({ nfs: { server: "10.0.0.1", path: "/" } }),
    volume({ flexVolume: { driver: "x" } }),
    volume({ ephemeral: { volumeClaimTemplate: { spec: { volumeName: "pv-of-paperclip" } } } }),
    volume({ ephemeral: { volumeClaimTemplate: { spec: { dataSource: { kind: "VolumeSnapshot", name: "s" } } } } }),
  ],
  hostNamespaces: [{ hostNetwork: true }, { hostPID: true }, { hostIPC: true }, { hostUsers: true }],
  hostPorts: [
    side({ ports: [{ containerPort: 80, hostPort: 80 }] }),
    agent({ ports: [{ containerPort: 1, hostPort: 1 }] }),
  ],
  hostProbes: [
    side({ startupProbe: { httpGet: { host: "169.254.169.254", port: 80 } } }),
    agent({ livenessProbe: { tcpSocket: { host: "10.0.0.1", port: 22 } } }),
    init({ lifecycle: { postStart: { httpGet: { host: "10.0.0.1", port: 22 } } } }),
  ],
  privileged: [...contained({ privileged: true }), ...secured({ windowsOptions: { hostProcess: true } })],
  privilegeEscalation: contained({ allowPrivilegeEscalation: true }),
  capabilities: contained({ capabilities: { add: ["NET_ADMIN"] } }),
  rootUser: [
    ...secured({ runAsUser: 0 }),
    ...contained({ runAsNonRoot: false }),
    { ...side({}), securityContext: { runAsNonRoot: null } },
    { ...side({}), securityContext: { $patch: "replace", seccompProfile: { type: "RuntimeDefault" } } },
  ],
  unconfined: [
    ...secured({ seccompProfile: { type: "Unconfined" } }),
    { securityContext: { seccompProfile: null } },
    ...secured({ appArmorProfile: { type: "Unconfined" } }),
    ...secured({ seLinuxOptions: { type: "spc_t" } }),
    ...secured({ seLinuxOptions: { role: "system_r" } }),
    ...contained({ procMount: "Unmasked" }),
  ],
  sysctls: [{ securityContext: { sysctls: [{ name: "kernel.msgmax", value: "1" }] } }],
  nodeName: [{ nodeName: "control-plane" }],
  systemPriority: [{ priorityClassName: "system-node-critical" }],
  serviceAccountToken: [
    { automountServiceAccountToken: true },
    { automountServiceAccountToken: null },
    volume({ projected: { sources: [{ serviceAccountToken: { path: "t" } }] } }),
  ],
};

const cases = permits.flatMap(({ name }) => attacks[name].map((spec) => [name, JSON.stringify(spec), spec] as const));

describe("an agent wrote its own podTemplate and had the node", () => {
  test.each(cases)("%s: %s is denied, and the message says which permit allows it", (name, _, spec) => {
    const problems = withSpec(spec);
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) expect(problem).toContain(`OPENCODE_K8S_POLICY permits ${name}`);
  });

  test.each(cases)("%s: %s passes with the permit", (name, _, spec) => {
    expect(withSpec(spec, { policy: policyOf(`permit: [${name}]`) })).toEqual([]);
  });

  test("annotations of older Kubernetes are no way around", () => {
    const annotations = { "container.apparmor.security.beta.kubernetes.io/opencode": "unconfined" };
    expect(denials({ settings: { podTemplate: { metadata: { annotations } } } })).toEqual([
      expect.stringContaining("permits unconfined"),
    ]);
  });

  test("a container for debugging is denied whatever is permitted", () => {
    const policy = policyOf(`permit: [${permits.map(({ name }) => name).join(", ")}]`);
    expect(withSpec({ ephemeralContainers: [{ name: "debug", image: "side:1" }] }, { policy })).toHaveLength(1);
  });

  test("what a namespace with Pod Security restricted takes needs no permit", () => {
    const securityContext = {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] },
      seccompProfile: { type: "Localhost", localhostProfile: "p.json" },
      appArmorProfile: { type: "RuntimeDefault" },
      procMount: "Default",
    };
    const probe = { httpGet: { path: "/", port: 80 } };
    const spec = {
      ...side({ securityContext, livenessProbe: probe, ports: [{ containerPort: 80 }] }),
      ...init({ securityContext, restartPolicy: "Always" }),
      hostNetwork: false,
      priorityClassName: "agents",
      shareProcessNamespace: true,
      securityContext: { sysctls: [{ name: "net.ipv4.tcp_syncookies", value: "1" }], supplementalGroups: [2000] },
      ...volume({ ephemeral: { volumeClaimTemplate: { spec: { storageClassName: "x" } } } }),
    };
    expect(withSpec(spec)).toEqual([]);
  });

  test("a setuid program made a sidecar root: a container that says nothing of it gets no such way", () => {
    const spec = { ...side({}), ...init({ securityContext: { runAsUser: 5 } }) };
    const contexts = (changes: RequestChanges) => {
      const built = builtTemplate({ ...changes, settings: { podTemplate: { spec } } }).spec;
      return [...built.containers, ...(built.initContainers ?? [])].map(({ securityContext }) => securityContext);
    };
    for (const context of contexts({})) expect(context?.allowPrivilegeEscalation).toBe(false);
    const permitted = contexts({ policy: policyOf("permit: [privilegeEscalation]") });
    expect(permitted.filter((context) => context?.allowPrivilegeEscalation === undefined)).toHaveLength(2);
  });
});

describe("Paperclip's own service account", () => {
  test.each([
    ["the setting", { serviceAccountName: "paperclip" }],
    ["podTemplate", { podTemplate: { spec: { serviceAccountName: "paperclip" } } }],
    ["the field's older name", { podTemplate: { spec: { serviceAccount: "paperclip" } } }],
    ["both names", { podTemplate: { spec: { serviceAccountName: "agents", serviceAccount: "paperclip" } } }],
  ])("is denied by %s, also where a pattern fits it, unless the policy names it", (_, settings) => {
    const told = [expect.stringContaining('found "paperclip", which is Paperclip\'s own')];
    expect(denials({ settings })).toEqual(told);
    expect(denials({ settings, policy: policyOf("allow: {serviceAccountName: ['*']}") })).toEqual(told);
    expect(denials({ settings, policy: policyOf("allow: {serviceAccountName: [paperclip, agents]}") })).toEqual([]);
  });

  test("an account by the field's older name is one, and has its token", () => {
    const spec = { serviceAccount: "agents", automountServiceAccountToken: true };
    expect(denials({ settings: { podTemplate: { spec } } })).toEqual([]);
  });

  test("another one is the user's, until there is a list", () => {
    expect(denials({ settings: { serviceAccountName: "agents" } })).toEqual([]);
    const policy = policyOf("allow: {serviceAccountName: [agents]}");
    expect(denials({ policy, settings: { podTemplate: { spec: { serviceAccountName: "other" } } } })).toEqual([
      'spec.serviceAccountName: found "other", expected one of agents (the operator\'s policy OPENCODE_K8S_POLICY)',
    ]);
  });

  test("outside a cluster nobody's is", () => {
    const settings = { image: "a:1", serviceAccountName: "paperclip" };
    expect(denials({ host: undefined, settings })).toEqual([]);
  });
});

describe("labels of Paperclip's own pod made an agent's pod an endpoint of its Service", () => {
  const told = [
    expect.stringMatching(/^labels\.app\.kubernetes\.io\/name: found a label that Paperclip's own pod carries/),
  ];

  test("they are denied in both settings, whatever their value", () => {
    const labels = { "app.kubernetes.io/name": "other" };
    expect(denials({ settings: { labels } })).toEqual(told);
    expect(denials({ settings: { podTemplate: { metadata: { labels } } } })).toEqual(told);
  });

  test("the adapter's own labels stay, also where Paperclip's pod has the same", () => {
    const labels = { "app.kubernetes.io/managed-by": "Helm", "paperclip.io/agent-id": "x" };
    expect(denials({ host: host({ labels }) })).toEqual([]);
  });
});

test("an agent's own claim is its own", () => {
  const claimName = databaseClaimName(jobRequest().agent.id);
  expect(withSpec(volume({ persistentVolumeClaim: { claimName } }))).toEqual([]);
});

test("a pod without a podTemplate is held to the same, and passes", () => {
  const prompt = { kind: "secret", secrets: [[Buffer.from("x")]] } as const;
  const settings = { agentDbMode: "dedicated_pvc" };
  expect(denials({ prompt, settings })).toEqual([]);
  expect(denials({ host: undefined, settings: { image: "a:1" } })).toEqual([]);
  expect(denials({ settings: { securityProfile: "openshift" } })).toEqual([]);
});

test("a stopped run's grace is bounded in podTemplate too", () => {
  expect(withSpec({ terminationGracePeriodSeconds: 600 })).toEqual([]);
  expect(withSpec({ terminationGracePeriodSeconds: 86400 })).toEqual([
    "spec.terminationGracePeriodSeconds: found 86400, expected at most 600",
  ]);
  const policy = policyOf("limits: {graceSec: 60}");
  expect(withSpec({ terminationGracePeriodSeconds: 61 }, { policy })).toHaveLength(1);
  expect(withSpec(side({ livenessProbe: { terminationGracePeriodSeconds: 601 } }))).toHaveLength(1);
});

test("a template of wrong shapes is refused or denied, or left to the cluster: it never throws", () => {
  const random = seeded(11);
  const odd = [
    null,
    0,
    "",
    "x",
    true,
    [],
    {},
    [null],
    [[]],
    [{}],
    { name: "opencode" },
    [{ name: "opencode" }],
    -1,
    1e300,
  ];
  const one = () => odd[Math.floor(random() * odd.length)];
  const fields = [
    ...[
      "securityContext",
      "imagePullSecrets",
      "ephemeralContainers",
      "affinity",
      "nodeSelector",
      "resources",
      "priorityClassName",
    ],
    ...[
      "serviceAccountName",
      "serviceAccount",
      "hostNetwork",
      "terminationGracePeriodSeconds",
      "automountServiceAccountToken",
    ],
  ];
  const inner = [
    "env",
    "envFrom",
    "ports",
    "securityContext",
    "resources",
    "livenessProbe",
    "lifecycle",
    "volumeMounts",
    "image",
  ];
  const kinds = ["secret", "projected", "csi", "ephemeral", "persistentVolumeClaim", "hostPath", "image", "nfs"];
  const pick = (names: readonly string[]) =>
    Object.fromEntries(names.filter(() => random() < 0.3).map((name) => [name, one()]));
  const policy = policyOf(
    "allow: {image: [a], labels: [a], nodeSelector: [a], secrets: [a], claims: [a], priorityClassNames: [a], serviceAccountName: [a]}\n" +
      "limits: {resources: {limits: {cpu: '1'}, requests: {memory: 1Gi}}}",
  );
  for (let round = 0; round < 2000; round++) {
    const spec = {
      ...pick(fields),
      containers: [
        { name: "opencode", ...pick(inner) },
        { name: "side", ...pick(inner) },
      ],
      initContainers: [{ name: "before", ...pick(inner) }],
      volumes: [{ name: "extra", ...pick(kinds) }],
    };
    const request = jobRequest({ settings: { podTemplate: { spec } } });
    expect(() => buildRunObjects(round % 2 === 0 ? request : { ...request, policy })).not.toThrow();
  }
});
