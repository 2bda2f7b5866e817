import { describe, expect, test } from "vitest";
import { denials, host, type RequestChanges } from "../../test/support/job-request.ts";
import { policyOf } from "../../test/support/parsed.ts";

const volume = (fields: object) => ({ volumes: [{ name: "extra", ...fields }] });
const env = (name: string) => [{ name: "X", valueFrom: { secretKeyRef: { name, key: "DATABASE_URL" } } }];

function withSpec(spec: object, changes: RequestChanges = {}) {
  return denials({ ...changes, settings: { ...changes.settings, podTemplate: { spec } } });
}

/** Every way in which a pod can name a Secret. */
const ways = (name: string): [string, object][] => [
  ["a variable", { containers: [{ name: "opencode", env: env(name) }] }],
  ["a variable of a sidecar", { containers: [{ name: "side", image: "s:1", env: env(name) }] }],
  ["a variable of an init container", { initContainers: [{ name: "before", image: "s:1", env: env(name) }] }],
  ["envFrom", { containers: [{ name: "opencode", envFrom: [{ prefix: "A_", secretRef: { name } }] }] }],
  ["envFrom of a sidecar", { containers: [{ name: "side", image: "s:1", envFrom: [{ secretRef: { name } }] }] }],
  ["a volume", volume({ secret: { secretName: name } })],
  ["a part of a projected volume", volume({ projected: { sources: [{ secret: { name } }] } })],
];

describe.each([
  ["that Paperclip's server uses", "paperclip-server", "which Paperclip's own pod uses"],
  ["whose variables are blanked in the agent's container", "paperclip-env", "which Paperclip's own pod uses"],
  ["of another run", "agent-opencode-a1-r2-0a1b2c3d-env", "which belongs to another run"],
])("a Secret %s", (_, name, why) => {
  test.each(ways(name))("is not to be had by %s", (_, spec) => {
    expect(withSpec(spec)).toEqual([expect.stringContaining(`found Secret "${name}", ${why}`)]);
  });

  test("is not allowed by a pattern either", () => {
    for (const [, spec] of ways(name)) {
      expect(withSpec(spec, { policy: policyOf("allow: {secrets: ['*']}") })).toHaveLength(1);
    }
  });
});

test("the policy can name a Secret of Paperclip's pod; one of another run it cannot", () => {
  const policy = policyOf("allow: {secrets: [paperclip-server, agent-opencode-x-env]}");
  for (const [, spec] of ways("paperclip-server")) expect(withSpec(spec, { policy })).toEqual([]);
  for (const [, spec] of ways("agent-opencode-x-env")) expect(withSpec(spec, { policy })).toHaveLength(1);
});

test("a Secret of the user's own is allowed until there is a list", () => {
  const policy = policyOf("allow: {secrets: ['team-*']}");
  for (const [, spec] of ways("own")) {
    expect(withSpec(spec)).toEqual([]);
    expect(withSpec(spec, { policy })).toEqual([expect.stringContaining("expected one of team-*")]);
  }
  for (const [, spec] of ways("team-a")) expect(withSpec(spec, { policy })).toEqual([]);
});

test("a login of a registry is used for pulls as it is inherited, and not to be read", () => {
  expect(withSpec({ imagePullSecrets: [{ name: "registry" }] })).toEqual([]);
  expect(withSpec(volume({ secret: { secretName: "registry" } }))).toHaveLength(1);
  const inline = volume({ csi: { driver: "d", nodePublishSecretRef: { name: "paperclip-server" } } });
  expect(withSpec(inline, { policy: policyOf("permit: [csiVolumes]") })).toHaveLength(1);
});

describe("a claim", () => {
  const claim = (claimName: string) => volume({ persistentVolumeClaim: { claimName } });

  test.each([
    ["of Paperclip's pod alone", "paperclip-backups", "which Paperclip's own pod uses"],
    ["that agents have another folder of", "paperclip-data", "which Paperclip's own pod uses"],
    ["of another agent", "opencode-db-0000", "which belongs to another agent"],
  ])("%s is not to be had, also by a pattern", (_, name, why) => {
    for (const policy of [policyOf("{}"), policyOf("allow: {claims: ['*']}")]) {
      expect(withSpec(claim(name), { policy })).toEqual([expect.stringContaining(`found claim "${name}", ${why}`)]);
    }
  });

  test("cannot be copied into a volume of the agent's own", () => {
    const copy = {
      volumeClaimTemplate: { spec: { dataSource: { kind: "PersistentVolumeClaim", name: "paperclip-data" } } },
    };
    const problems = withSpec(volume({ ephemeral: copy }), { policy: policyOf("permit: [otherVolumes]") });
    expect(problems).toEqual([expect.stringContaining('found claim "paperclip-data"')]);
  });

  test("of the user's own is allowed until there is a list", () => {
    expect(withSpec(claim("models"))).toEqual([]);
    expect(withSpec(claim("models"), { policy: policyOf("allow: {claims: [data]}") })).toHaveLength(1);
    expect(withSpec(claim("models"), { policy: policyOf("allow: {claims: [models]}") })).toEqual([]);
    expect(withSpec(claim("paperclip-backups"), { policy: policyOf("allow: {claims: [paperclip-backups]}") })).toEqual(
      [],
    );
  });
});

describe("a mount of what is inherited", () => {
  const sharedVolume = { claimName: "paperclip-data", subPath: "tenant-a", readOnly: false };
  const mount = (fields: object, container = "opencode") => ({
    containers: [{ name: container, image: "s:1", volumeMounts: [{ mountPath: "/elsewhere", ...fields }] }],
  });
  const shared = (fields: object) => mount({ name: "paperclip-data", ...fields });

  test.each([
    ["the whole volume", {}],
    ["another folder", { subPath: "tenant-b" }],
    ["a folder whose name only begins so", { subPath: "tenant-ab" }],
    ["an expression", { subPathExpr: "$(HOME)" }],
  ])("left the folder that agents have: %s is denied", (_, fields) => {
    expect(withSpec(shared(fields), { host: host({ sharedVolume }) })).toEqual([
      expect.stringContaining("which is more of it than a run has"),
    ]);
  });

  test("within that folder is the user's to make, in a sidecar too", () => {
    const inside = mount({ name: "paperclip-data", subPath: "tenant-a/work" }, "side");
    expect(withSpec(inside, { host: host({ sharedVolume }) })).toEqual([]);
    expect(withSpec(shared({}))).toEqual([]);
  });

  test("cannot be written where it was for reading", () => {
    const readOnly = host({ sharedVolume: { ...sharedVolume, readOnly: true } });
    expect(withSpec(shared({ subPath: "tenant-a" }), { host: readOnly })).toHaveLength(1);
    expect(withSpec(shared({ subPath: "tenant-a", readOnly: true }), { host: readOnly })).toEqual([]);
  });

  test("shows no further key of a Secret of which agents have one", () => {
    const part = {
      volume: { name: "part", secret: { secretName: "paperclip-server" } },
      mounts: [{ name: "part", mountPath: "/etc/part", subPath: "ca.pem" }],
    };
    expect(withSpec(mount({ name: "part" }), { host: host({ mounts: [part] }) })).toHaveLength(1);
    expect(withSpec(mount({ name: "part", subPath: "ca.pem" }), { host: host({ mounts: [part] }) })).toEqual([]);
  });
});
