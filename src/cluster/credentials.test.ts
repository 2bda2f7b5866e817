import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  execCredential,
  execUser,
  hangingLogin,
  writeKubeconfig,
  writeTemporary,
} from "../../test/support/scripted-api.ts";
import { loadCredentials } from "./credentials.ts";

const server = "https://api.example.com:6443";
const base64 = (text: string) => Buffer.from(text).toString("base64");

function fromKubeconfig(kubeconfig: string) {
  return loadCredentials({ kubeconfig, env: {}, serviceAccountDir: "/none" });
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

  test("with a token that no header can hold is unreachable, and says so without the token", async () => {
    const signingIn = signedIn({ token: "secret\nsecret" });
    await expect(signingIn).rejects.toMatchObject({
      kind: "unreachable",
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
        await vi.advanceTimersByTimeAsync(30_000);
        for (const one of signingIn) {
          expect(await one).toMatchObject({
            kind: "unreachable",
            message: "signing in to the cluster failed: no answer within 30000 ms",
          });
        }
        vi.useRealTimers();
        await expect.poll(starts).toBe(started);
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

  test.each([
    ["that is not there", "/none/config", /the cluster's credentials at \/none\/config cannot be read: .*ENOENT/],
    [
      "whose context is missing",
      writeTemporary("config", JSON.stringify({ clusters: [], users: [], contexts: [], "current-context": "x" })),
      /names no cluster for its current context "x"/,
    ],
    ["that is no YAML", writeTemporary("config", "a: [b"), /cannot be read/],
  ])("%s is told by its path", async (_, kubeconfig, message) => {
    await expect(fromKubeconfig(kubeconfig)).rejects.toMatchObject({
      kind: "unreachable",
      message: expect.stringMatching(message),
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
      kind: "unreachable",
      message: expect.stringContaining("no service account token is mounted (automountServiceAccountToken is off?)"),
    });
  });

  test("outside a pod says that no kubeconfig is given", async () => {
    await expect(loadCredentials({ env: {}, serviceAccountDir: whole() })).rejects.toMatchObject({
      kind: "unreachable",
      message: expect.stringContaining("not in a pod, and no kubeconfig is given"),
    });
  });
});
