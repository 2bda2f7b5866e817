import { copyFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  execCredential,
  execUser,
  hangingLogin,
  kubeconfigOf,
  operatorEnv,
  writeKubeconfig,
  writeTemporary,
} from "../../test/support/scripted-api.ts";
import { loadCredentials } from "./credentials.ts";

const server = "https://api.example.com:6443";
const base64 = (text: string) => Buffer.from(text).toString("base64");

function fromKubeconfig(kubeconfig: string) {
  return loadCredentials({ kubeconfig, env: operatorEnv, serviceAccountDir: "/none" });
}

/** What a request with these credentials would carry. */
async function signedIn(user: object, cluster: object = {}) {
  const credentials = await fromKubeconfig(writeKubeconfig({ server, ...cluster }, user));
  return credentials.authenticate();
}

describe("a kubeconfig", () => {
  test("names the server, without a slash at its end, and the context's namespace", async () => {
    const credentials = await fromKubeconfig(writeKubeconfig({ server: `${server}/` }, {}));
    expect(credentials).toMatchObject({ server, namespace: "agents" });
  });

  test("without a namespace leaves it open", async () => {
    expect((await fromKubeconfig(writeKubeconfig({ server }, {}, {}))).namespace).toBeUndefined();
  });

  test("with a token", async () => {
    expect((await signedIn({ token: "t-1" })).headers).toMatchObject({ Authorization: "Bearer t-1" });
  });

  test("with a file that holds the token", async () => {
    const { headers } = await signedIn({ tokenFile: writeTemporary("token", "from-file") });
    expect(headers).toMatchObject({ Authorization: "Bearer from-file" });
  });

  test.each([
    ["a file", { tokenFile: writeTemporary("token", "t-1\r\n") }],
    ["the kubeconfig", { token: "t-1\n" }],
  ])("with a token that ends in a newline in %s: it is no part of the token", async (_, user) => {
    expect((await signedIn(user)).headers).toMatchObject({ Authorization: "Bearer t-1" });
  });

  test("with a token that no header can hold cannot be used, and says so without the token", async () => {
    const signingIn = signedIn({ token: "secret\nsecret" });
    await expect(signingIn).rejects.toMatchObject({
      kind: "misconfigured",
      message: expect.stringMatching(/^signing in to the cluster failed: the token cannot be sent: ((?!secret).)*$/s),
    });
  });

  test("with a client's certificate, in the file itself", async () => {
    const data = { "client-certificate-data": base64("CERT"), "client-key-data": base64("KEY") };
    const { tls, headers } = await signedIn(data, { "certificate-authority-data": base64("CA") });
    expect([tls.cert, tls.key, tls.ca].map(String)).toEqual(["CERT", "KEY", "CA"]);
    expect(headers).toEqual({});
  });

  test("with a client's certificate, in files beside it", async () => {
    const { tls } = await signedIn(
      { "client-certificate": writeTemporary("crt", "CERT"), "client-key": writeTemporary("key", "KEY") },
      { "certificate-authority": writeTemporary("ca", "CA") },
    );
    expect([tls.cert, tls.key, tls.ca].map(String)).toEqual(["CERT", "KEY", "CA"]);
  });

  test("with a name and a password", async () => {
    const { headers } = await signedIn({ username: "ada", password: "p:1" });
    expect(headers).toMatchObject({ authorization: `Basic ${base64("ada:p:1")}` });
  });

  test("with a program that gives the token", async () => {
    const user = execUser(`echo '${execCredential({ token: "by-exec" })}'`);
    expect((await signedIn(user)).headers).toMatchObject({ Authorization: "Bearer by-exec" });
  });

  test("with a program that fails is unreachable, and says why", async () => {
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "/none/login" };
    await expect(signedIn({ exec })).rejects.toMatchObject({
      kind: "unreachable",
      message: expect.stringMatching(/^signing in to the cluster failed: .*\/none\/login/),
    });
  });

  describe("with a program that never ends", () => {
    afterEach(() => {
      vi.useRealTimers();
    });

    test("is unreachable after a while, and asked anew then; all who ask meanwhile wait for one", async () => {
      const { user, starts } = hangingLogin();
      const credentials = await fromKubeconfig(writeKubeconfig({ server }, user));
      for (const started of [1, 2]) {
        vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
        const signingIn = Array.from({ length: 3 }, () => credentials.authenticate().catch((error: unknown) => error));
        await expect.poll(starts).toBe(started);
        await vi.advanceTimersByTimeAsync(30_000);
        for (const one of signingIn) {
          expect(await one).toMatchObject({
            kind: "unreachable",
            message: "signing in to the cluster failed: no answer within 30000 ms",
          });
        }
        vi.useRealTimers();
      }
    });
  });

  test("that trusts any server, or knows it by another name", async () => {
    const { tls } = await signedIn({}, { "insecure-skip-tls-verify": true, "tls-server-name": "kubernetes" });
    expect(tls).toMatchObject({ rejectUnauthorized: false, servername: "kubernetes" });
  });

  test("with a proxy", async () => {
    const kubeconfig = writeKubeconfig({ server, "proxy-url": "http://proxy.example.com:3128" }, {});
    expect((await fromKubeconfig(kubeconfig)).proxyUrl).toBe("http://proxy.example.com:3128");
  });

  test("case 11: of a cluster without a user, as kubectl proxy needs none: its authority counts all the same", async () => {
    const ca = { "certificate-authority-data": base64("CA") };
    for (const more of [
      { users: null },
      { users: [] },
      { users: [{ name: "u" }] },
      { users: [{ name: "u", user: null }] },
    ]) {
      const config = { ...JSON.parse(kubeconfigOf({ server, ...ca }, {})), ...more };
      const { headers, tls } = await (
        await fromKubeconfig(writeTemporary("config", JSON.stringify(config)))
      ).authenticate();
      expect(headers).toEqual({});
      expect(tls.ca).toBe("CA");
    }
  });

  test("with a token and a file of one: the file counts, the token where there is none", async () => {
    const tokenFile = writeTemporary("token", "from-file");
    expect((await signedIn({ tokenFile, token: "t-1" })).headers).toEqual({ Authorization: "Bearer from-file" });
    const lost = await signedIn({ tokenFile: "/none/token", token: "t-1" });
    expect(lost.headers).toEqual({ Authorization: "Bearer t-1" });
    await expect(signedIn({ tokenFile: "/none/token" })).rejects.toMatchObject({ kind: "misconfigured" });
  });

  test("with paths that start at the kubeconfig: of a token, certificates and a program", async () => {
    const ca = { "certificate-authority": "ca.crt" };
    const kubeconfig = writeKubeconfig({ server, ...ca }, { tokenFile: "./token" });
    writeFileSync(join(dirname(kubeconfig), "token"), "t-1");
    writeFileSync(join(dirname(kubeconfig), "ca.crt"), "CA");
    expect(await (await fromKubeconfig(kubeconfig)).authenticate()).toEqual({
      headers: { Authorization: "Bearer t-1" },
      tls: { ca: "CA" },
    });
    const login = execUser(`echo '${execCredential({ token: "by-exec" })}'`) as { exec: { command: string } };
    const beside = writeKubeconfig({ server }, { exec: { ...login.exec, command: "./login" } });
    copyFileSync(login.exec.command, join(dirname(beside), "login"));
    const { headers } = await (await fromKubeconfig(beside)).authenticate();
    expect(headers).toEqual({ Authorization: "Bearer by-exec" });
  });

  test("with data and a file of a certificate: the data counts", async () => {
    const both = { "certificate-authority": "/none/ca", "certificate-authority-data": base64("CA") };
    expect((await signedIn({}, both)).tls.ca).toBe("CA");
  });

  test("that acts as somebody else says so with every part", async () => {
    const as = {
      as: "bob",
      "as-uid": "7",
      "as-groups": ["dev", "ops"],
      "as-user-extra": { "Example.com/Scope": ["a", "b"] },
    };
    expect((await signedIn({ token: "t-1", ...as })).headers).toEqual({
      Authorization: "Bearer t-1",
      "Impersonate-User": "bob",
      "Impersonate-Uid": "7",
      "Impersonate-Group": ["dev", "ops"],
      "Impersonate-Extra-example.com%2Fscope": ["a", "b"],
    });
    await expect(signedIn({ "as-groups": ["system:masters"] })).rejects.toMatchObject({
      kind: "misconfigured",
      message: expect.stringContaining("are of no use without as"),
    });
  });

  test("over plain http, where kubectl sends no login: only where no TLS is asked for", async () => {
    const user = { token: "t-1", as: "bob" };
    const plain = { server: "http://10.0.0.1:8001" };
    expect((await signedIn(user, plain)).headers).toEqual({ "Impersonate-User": "bob" });
    const insecure = await signedIn(user, { ...plain, "insecure-skip-tls-verify": true });
    expect(insecure.headers).toEqual({ Authorization: "Bearer t-1", "Impersonate-User": "bob" });
  });

  test("with a proxy of the environment, by kubectl's rules; a pod's own account uses none", async () => {
    const env = { ...operatorEnv, HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "other.example.com" };
    const load = (kubeconfig?: string) =>
      loadCredentials({
        kubeconfig,
        env: { ...env, KUBERNETES_SERVICE_HOST: "10.96.0.1" },
        serviceAccountDir: tokenDir,
      });
    const tokenDir = dirname(writeTemporary("token", "t-1"));
    expect((await load(writeKubeconfig({ server }, {}))).proxyUrl).toBe("http://proxy:3128");
    expect((await load(writeKubeconfig({ server: "https://other.example.com" }, {}))).proxyUrl).toBeUndefined();
    expect((await load(writeKubeconfig({ server, "proxy-url": "http://own:1" }, {}))).proxyUrl).toBe("http://own:1");
    expect((await load()).proxyUrl).toBeUndefined();
  });

  test("that is not there is told by its path", async () => {
    await expect(fromKubeconfig("/none/config")).rejects.toMatchObject({
      kind: "misconfigured",
      message: expect.stringMatching(/^the kubeconfig \/none\/config cannot be read: .*ENOENT/),
    });
  });
});

describe("a pod's service account", () => {
  const env = { KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" };

  function mounted(files: Record<string, string>): string {
    const folder = dirname(writeTemporary("unused", ""));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return folder;
  }

  const whole = () => mounted({ token: "t-1", "ca.crt": "CA", namespace: "paperclip\n" });

  test("gives server, namespace, token and the cluster's own authority", async () => {
    const credentials = await loadCredentials({ env, serviceAccountDir: whole() });
    expect(credentials).toMatchObject({ server: "https://10.96.0.1:443", namespace: "paperclip" });
    const { headers, tls } = await credentials.authenticate();
    expect(headers).toMatchObject({ Authorization: "Bearer t-1" });
    expect(String(tls.ca)).toBe("CA");
  });

  test("an address of IPv6 stands in brackets", async () => {
    const credentials = await loadCredentials({
      env: { ...env, KUBERNETES_SERVICE_HOST: "fd00::1" },
      serviceAccountDir: whole(),
    });
    expect(credentials.server).toBe("https://[fd00::1]:443");
  });

  test("raw ENOENT when the token was not mounted: the message says what is missing", async () => {
    await expect(loadCredentials({ env, serviceAccountDir: mounted({}) })).rejects.toMatchObject({
      kind: "misconfigured",
      message: expect.stringContaining("no service account token is mounted (automountServiceAccountToken is off?)"),
    });
  });

  test("outside a pod says that no kubeconfig is given", async () => {
    await expect(loadCredentials({ env: {}, serviceAccountDir: whole() })).rejects.toMatchObject({
      kind: "misconfigured",
      message: expect.stringContaining("not in a pod, and no kubeconfig is given"),
    });
  });
});
