import { readFileSync, writeFileSync } from "node:fs";
import { createServer as createPlainServer } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { kubeconfigOf, serve, transportTo, writeKubeconfig } from "../../test/support/scripted-api.ts";
import { requestJson } from "./json-request.ts";
import { unreachable } from "./unreachable.ts";

const pem = (name: string) =>
  readFileSync(new URL(`../../test/fixtures/certificates/${name}.pem`, import.meta.url), "utf8");
const base64 = (text: string) => Buffer.from(text).toString("base64");

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function tlsServer(certificate: string): Promise<number> {
  const options = { cert: pem(certificate), key: pem("key") };
  return portOf(
    createServer(options, (_, response) => response.setHeader("content-type", "application/json").end("{}")),
  );
}

async function ask(cluster: object, user: object = {}) {
  const transport = await transportTo({ kubeconfig: writeKubeconfig(cluster, user) });
  onTestFinished(() => transport.close());
  return requestJson(transport, { method: "GET", path: "/version", signal: new AbortController().signal });
}

test("a server whose certificate is the right one is reached", async () => {
  const port = await tlsServer("valid");
  const server = `https://127.0.0.1:${port}`;
  expect(await ask({ server, "certificate-authority-data": base64(pem("valid")) })).toEqual({});
});

test.each([
  ["another authority", "valid", "stranger", /its certificate is not from the authority that the credentials name/],
  ["no authority", "valid", undefined, /its certificate is not from the authority/],
  ["a certificate that has expired", "expired", "expired", /its certificate has expired/],
  ["a certificate of the future", "future", "future", /its certificate is not valid yet/],
  ["a certificate for another name", "elsewhere", "elsewhere", /its certificate is for other names/],
])("case 7: %s ends at once, in words", async (...[, certificate, authority, message]) => {
  const server = `https://127.0.0.1:${await tlsServer(certificate)}`;
  const trusted = authority === undefined ? {} : { "certificate-authority-data": base64(pem(authority)) };
  const startedAtMs = performance.now();
  await expect(ask({ server, ...trusted })).rejects.toMatchObject({
    kind: "misconfigured",
    transient: false,
    message: expect.stringMatching(message),
  });
  expect(performance.now() - startedAtMs).toBeLessThan(3_000);
});

test("a server without TLS ends at once", async () => {
  const port = await portOf(createPlainServer());
  await expect(ask({ server: `https://127.0.0.1:${port}` })).rejects.toMatchObject({
    kind: "misconfigured",
    message: expect.stringContaining("no TLS is spoken there"),
  });
});

test("a key that is none ends at once, and stands nowhere", async () => {
  const server = `https://127.0.0.1:${await tlsServer("valid")}`;
  const user = { "client-certificate-data": base64(pem("valid")), "client-key-data": base64("CANARY") };
  const asking = ask({ server, "certificate-authority-data": base64(pem("valid")) }, user);
  await expect(asking).rejects.toMatchObject({
    kind: "misconfigured",
    message: expect.stringMatching(/^((?!CANARY).)*certificate or key cannot be used((?!CANARY).)*$/),
  });
});

test("nobody there, and a name that is not known yet, may pass", async () => {
  for (const code of ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ECONNRESET", "ETIMEDOUT", "UND_ERR_SOCKET"]) {
    expect(unreachable("https://api", Object.assign(new Error("away"), { code }))).toMatchObject({ transient: true });
  }
});

test("a login in the address stands in no message", () => {
  expect(unreachable("https://ada:CANARY@api:6443/x", new Error("away")).message).not.toContain("CANARY");
});

test.each<[string, number, Record<string, string>, string, RegExp]>([
  [
    "a login page",
    200,
    { "content-type": "text/html" },
    "<!DOCTYPE html><title>Sign in</title>",
    /a web page "Sign in"/,
  ],
  [
    "a redirect",
    302,
    { location: "https://login.example.com/x?token=CANARY" },
    "",
    /redirect to https:\/\/login\.example\.com \(/,
  ],
  ["a redirect within", 301, { location: "/ui" }, "", /a redirect to another path/],
  [
    "a page that refuses",
    403,
    { "content-type": "text/html" },
    "<html><body>Forbidden</body>",
    /a web page \(status 403\)/,
  ],
  ["another service", 200, { "content-type": "text/plain" }, "ok", /an answer of type text\/plain/],
])("%s in the API's place ends at once", async (...[, status, headers, body, message]) => {
  const api = await serve((response) => {
    response.writeHead(status, headers);
    response.end(body);
  });
  onTestFinished(api.close);
  const transport = await transportTo(api);
  onTestFinished(() => transport.close());
  const request = { method: "GET", path: "/version", signal: new AbortController().signal } as const;
  await expect(requestJson(transport, request)).rejects.toMatchObject({
    kind: "misconfigured",
    message: expect.stringMatching(message),
  });
  expect(api.received.length).toBeLessThanOrEqual(3);
});

test("an authority that is mended meanwhile is taken within the same call", async () => {
  const server = `https://127.0.0.1:${await tlsServer("valid")}`;
  const authority = (name: string) => ({ server, "certificate-authority-data": base64(pem(name)) });
  const kubeconfig = writeKubeconfig(authority("stranger"), {});
  const transport = await transportTo({ kubeconfig });
  onTestFinished(() => transport.close());
  writeFileSync(kubeconfig, kubeconfigOf(authority("valid"), {}));
  const request = { method: "GET", path: "/version", signal: new AbortController().signal } as const;
  expect(await requestJson(transport, request)).toEqual({});
});
