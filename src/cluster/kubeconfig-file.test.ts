import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { execUser, kubeconfigOf, writeTemporary } from "../../test/support/scripted-api.ts";
import { kubeconfigDirsVariable, openKubeconfig } from "./kubeconfig-file.ts";

const cluster = { server: "https://10.0.0.1:6443" };
const canary = "CANARY";
let home = "";
let folder = "";

beforeEach(async () => {
  const root = await realpath(await mkdtemp(join(tmpdir(), "kubeconfig-")));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  home = join(root, "paperclip");
  folder = join(root, "mounted");
  await mkdir(home);
  await mkdir(folder);
});

const env = () => ({ PAPERCLIP_HOME: home });
const trusting = () => ({ ...env(), [kubeconfigDirsVariable]: `relative:${folder}` });
const refusal = (message: RegExp) => ({ kind: "misconfigured", message: expect.stringMatching(message) });

async function write(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

describe("a kubeconfig that agents could have written is refused", () => {
  test.each(["config", ".kube/config", "../paperclip/config"])("%s below Paperclip's home", async (name) => {
    await mkdir(join(home, ".kube"));
    for (const one of ["config", ".kube/config"]) await writeFile(join(home, one), kubeconfigOf(cluster, {}));
    const opening = openKubeconfig(`${home}/${name}`, { ...env(), [kubeconfigDirsVariable]: home });
    await expect(opening).rejects.toMatchObject(refusal(/ is not used: agents may write there; mount it outside/));
  });

  test("the shared volume's own path, wherever Paperclip's home is", async () => {
    await expect(openKubeconfig("/paperclip/x/config", env())).rejects.toMatchObject(refusal(/agents may write there/));
  });

  test("by a link that leads there", async () => {
    await writeFile(join(home, "config"), kubeconfigOf(cluster, {}));
    await symlink(join(home, "config"), join(folder, "config"));
    for (const one of [env(), trusting()]) {
      await expect(openKubeconfig(join(folder, "config"), one)).rejects.toMatchObject(refusal(/are not read$/));
    }
  });
});

describe("a file that is no kubeconfig is not told", () => {
  test.each(["/proc/self/environ", "/dev/zero", "/var/run/secrets/kubernetes.io/serviceaccount/token"])(
    "%s is not read",
    async (file) => {
      await expect(openKubeconfig(file, env())).rejects.toMatchObject(
        refusal(/cannot be read: files of .* are not read$/),
      );
    },
  );

  test("a pipe, at once, and a file of a terabyte", async () => {
    execFileSync("mkfifo", [join(folder, "pipe")]);
    await expect(openKubeconfig(join(folder, "pipe"), env())).rejects.toMatchObject(refusal(/it is a named pipe/));
    await truncate(await write("huge", ""), 2 ** 40);
    await expect(openKubeconfig(join(folder, "huge"), env())).rejects.toMatchObject(refusal(/more than 1048576 bytes/));
  });

  test.each([
    `${canary}`,
    `${canary}: [b`,
    `a: *${canary}`,
    `a: !${canary} b`,
    `"${canary}`,
    `- ${canary}`,
    `clusters: ${canary}`,
    `clusters: [${canary}]`,
    `current-context: [${canary}]`,
    `current-context: ${canary}`,
    `current-context: x\ncontexts: [{name: x, context: {cluster: ${canary}}}]`,
    `current-context: x\ncontexts: [{name: x, context: ${canary}}]`,
    `current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: ${canary}}}]`,
    `current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: ftp://${canary}}}]`,
    `root:x:0:0:${canary}:/root:/bin/sh\ndaemon:x:1:1::/:/x`,
    "",
    "null",
    "7",
    "__proto__: {clusters: []}",
  ])("%j is refused without a word of it", async (text) => {
    const message = await openKubeconfig(await write("config", text), env()).then(
      () => "used",
      (error: Error & { kind: string }) => `${error.kind}: ${error.message}`,
    );
    expect(message).toMatch(/^misconfigured: the kubeconfig .* cannot be used: /);
    expect(message).not.toContain(canary);
  });

  test.each([["10.0.0.1:6443"], ["api.example.com"], ["//10.0.0.1"], ["https://"], ["https://a b"]])(
    "case 7: a server of %j is refused with an example",
    async (server) => {
      const file = await write("config", kubeconfigOf({ server }, {}));
      await expect(openKubeconfig(file, env())).rejects.toMatchObject(
        refusal(/begins with https:\/\/ or http:\/\/, such as/),
      );
    },
  );
});

describe("a text of any depth and with any aliases is read or refused soon", () => {
  const levels = 30;
  const bomb = ["a0: &a0 [x]", ...Array.from({ length: levels }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n},*a${n}]`)];
  const merges = `a: &a {${Array.from({ length: 20_000 }, (_, n) => `k${n}: 1`).join(", ")}}\nb: [${"{<<: *a}, ".repeat(90)}]`;
  test.each([
    ["levels", "[".repeat(100_000)],
    ["mappings", "{a: ".repeat(50_000)],
    ["indents", Array.from({ length: 1_000 }, (_, n) => `${" ".repeat(n)}a:`).join("\n")],
    ["doubling aliases", `${bomb.join("\n")}\nclusters: *a${levels}`],
    ["merges", merges],
    ["many aliases", `a: &a x\nb: [${"*a, ".repeat(100_000)}]`],
    ["quotes", '"'.repeat(500_000)],
    ["slashes", "\\".repeat(500_000)],
    ["colons", ": ".repeat(250_000)],
    ["anchors", "&a ".repeat(100_000)],
    ["bars", "a: |\n".repeat(100_000)],
  ])("%s", async (_, text) => {
    const file = await write("config", text);
    const startedAtMs = performance.now();
    await expect(openKubeconfig(file, env())).rejects.toMatchObject({ kind: "misconfigured" });
    expect(performance.now() - startedAtMs).toBeLessThan(1_500);
  });
});

test("more aliases than any kubeconfig has are refused, a few are followed", async () => {
  const text = (aliases: number) =>
    `x: &x c\ny: [${"*x, ".repeat(aliases)}]\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: *x}}]\nclusters: [{name: c, cluster: {server: "https://a"}}]`;
  expect((await openKubeconfig(await write("config", text(90)), env())).login.server).toBe("https://a");
  await expect(openKubeconfig(await write("config", text(100)), env())).rejects.toMatchObject(
    refusal(/not valid YAML/),
  );
});

const powers: [string, object, object][] = [
  ["exec", {}, execUser("echo ran")],
  ["tokenFile", {}, { tokenFile: "/etc/hostname" }],
  ["auth-provider", {}, { "auth-provider": { name: "oidc", config: { "id-token": "x" } } }],
  ["proxy-url", { "proxy-url": "http://evil.example.com" }, {}],
];

test.each(powers)(
  "%s is refused, with the word how to allow it, unless the operator has named the folder",
  async (...args) => {
    const [power, more, user] = args;
    const file = await write("config", kubeconfigOf({ ...cluster, ...more }, user));
    await expect(openKubeconfig(file, env())).rejects.toMatchObject(
      refusal(new RegExp(`${power}.*allowed for kubeconfigs in folders that OPENCODE_K8S_KUBECONFIG_DIRS`)),
    );
    expect((await openKubeconfig(file, trusting())).login.server).toBe(cluster.server);
  },
);

test("a mounted Secret, which is made of links, is read in either case", async () => {
  await mkdir(join(folder, "..2026"));
  await write("..2026/config", kubeconfigOf(cluster, {}));
  await symlink("..2026", join(folder, "..data"));
  await symlink("..data/config", join(folder, "config"));
  for (const one of [env(), trusting()]) {
    expect((await openKubeconfig(join(folder, "config"), one)).login.server).toBe(cluster.server);
  }
});

test("a link out of an allowed folder gets none of its rights", async () => {
  const outside = writeTemporary("config", kubeconfigOf(cluster, execUser("echo ran")));
  await symlink(outside, join(folder, "config"));
  await expect(openKubeconfig(join(folder, "config"), trusting())).rejects.toMatchObject(
    refusal(/outside the folders/),
  );
});

test("the files that a kubeconfig names are read by the same rules", async () => {
  await writeFile(join(home, "ca.crt"), canary);
  const file = await write("config", kubeconfigOf({ ...cluster, "certificate-authority": join(home, "ca.crt") }, {}));
  for (const one of [env(), trusting()]) {
    const { readText } = await openKubeconfig(file, one);
    await expect(readText(join(home, "ca.crt"))).rejects.toMatchObject(refusal(/are not read$/));
    await expect(readText("/dev/zero")).rejects.toMatchObject(refusal(/are not read$/));
  }
});

test.each(["azure", "gcp"])("a login by %s is refused, as kubectl has dropped it", async (name) => {
  const file = await write("config", kubeconfigOf(cluster, { "auth-provider": { name } }));
  await expect(openKubeconfig(file, trusting())).rejects.toMatchObject(refusal(/only oidc is known/));
});
