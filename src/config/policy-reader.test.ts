import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { noPolicy } from "./policy/policy.ts";
import { readPolicyText } from "./policy/read-policy-text.ts";
import { createPolicyReader, parsePolicy } from "./policy-reader.ts";

const read = (value: string | undefined) => createPolicyReader({ OPENCODE_K8S_POLICY: value })();

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "policy-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test("without the variable there is no policy", async () => {
  expect(await createPolicyReader({})()).toEqual({ kind: "policy", policy: noPolicy });
});

test("its text is YAML or JSON, and a heading without anything below it says nothing", async () => {
  const policy = { ...noPolicy, allow: { image: ["a/*"] }, permit: ["hostPath"] };
  expect(await read("allow:\n  image: [a/*]\npermit: [hostPath]\nfixed:\nlimits:\n")).toEqual({
    kind: "policy",
    policy,
  });
  expect(await read('{"allow": {"image": ["a/*"]}, "permit": ["hostPath"]}')).toEqual({ kind: "policy", policy });
});

test("a file is read through the links of a ConfigMap, and kept", async () => {
  const dir = folder();
  mkdirSync(join(dir, "..data"));
  writeFileSync(join(dir, "..data", "policy.yaml"), "permit: [csiVolumes]");
  symlinkSync("..data/policy.yaml", join(dir, "policy.yaml"));
  const reader = createPolicyReader({ OPENCODE_K8S_POLICY: join(dir, "policy.yaml") });
  const first = await reader();
  expect(first).toMatchObject({ kind: "policy", policy: { permit: ["csiVolumes"] } });
  rmSync(join(dir, "..data", "policy.yaml"));
  expect(await reader()).toEqual(first);
});

test("a policy that could not be read is tried again", async () => {
  const file = join(folder(), "policy.yaml");
  const reader = createPolicyReader({ OPENCODE_K8S_POLICY: file });
  expect(await reader()).toMatchObject({ kind: "invalid", why: expect.stringContaining("ENOENT") });
  writeFileSync(file, "{}");
  expect(await reader()).toEqual({ kind: "policy", policy: noPolicy });
});

test.each([
  ["is not there", (dir: string) => join(dir, "none"), "ENOENT"],
  ["is a folder", (dir: string) => dir, "not a regular file"],
  [
    "is a pipe, which nobody writes to",
    (dir: string) => {
      execFileSync("mkfifo", [join(dir, "pipe")]);
      return join(dir, "pipe");
    },
    "not a regular file",
  ],
  ["is a device", () => "/dev/zero", "not a regular file"],
  [
    "is too large",
    (dir: string) => {
      writeFileSync(join(dir, "large"), `#${"x".repeat(300_000)}`);
      return join(dir, "large");
    },
    "more than 262144 bytes",
  ],
])("a file that %s leaves no policy, and is never passed over", async (_, make, why) => {
  expect(await read(make(folder()))).toMatchObject({ kind: "invalid", why: expect.stringContaining(why) });
});

test.each(["/paperclip/policy.yaml", "/paperclip/../paperclip/policy.yaml", "/paperclip"])(
  "agents write below /paperclip: %s is no place for it",
  async (path) => {
    expect(await read(path)).toMatchObject({ kind: "invalid", why: expect.stringContaining("on the shared volume") });
  },
);

test("a link from elsewhere to the shared volume is one too", async () => {
  const dir = folder();
  mkdirSync(join(dir, "shared"));
  writeFileSync(join(dir, "shared", "policy.yaml"), "permit: [hostPath]");
  symlinkSync(join(dir, "shared", "policy.yaml"), join(dir, "policy.yaml"));
  const path = join(dir, "policy.yaml");
  expect(await readPolicyText(path)).toMatchObject({ ok: true });
  expect(await readPolicyText(path, join(dir, "shared"))).toMatchObject({ ok: false });
});

test.each([
  ["", "it is empty"],
  ["# later", "it is empty"],
  ["allow: [", "no YAML"],
  ["- a", "an object with fixed"],
  ["alow: {}", "alow is not known"],
  ["allow: {images: []}", "allow: images is not known"],
  ["allow: {image: a/*}", "allow.image: expected a list of names"],
  ["allow: {image: [1]}", "allow.image.0: expected text"],
  ["permit: [root]", "permit.0: expected a name of the list of permits"],
  ["limits: {graceSec: 0}", "limits.graceSec: expected at least 1"],
  ["limits: {timeoutSec: 1h}", "limits.timeoutSec: expected whole seconds"],
  ["limits: {resources: {limits: {memory: 8GB}}}", "limits.resources.limits.memory: expected an amount"],
  ["limits: {resources: {cpu: 1}}", "limits.resources: cpu is not known"],
  ["fixed: {imagee: a}", "fixed.imagee is no setting"],
  ["fixed: {toString: a}", "fixed.toString is no setting"],
  ["fixed: {image: }", "fixed.image has no value"],
  ["fixed: {isolation: tight}", "fixed.isolation: expected one of shared, strict"],
])("%j cannot be used: %s", (text, why) => {
  const reading = parsePolicy(text);
  expect(reading).toMatchObject({ kind: "invalid", why: expect.stringContaining(why) });
  expect(reading).toMatchObject({
    why: expect.stringMatching(/^The operator's policy OPENCODE_K8S_POLICY cannot be used: .*[^.]\.$/),
  });
});
