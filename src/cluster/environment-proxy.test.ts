import { expect, test } from "vitest";
import { environmentProxy } from "./environment-proxy.ts";

const env = { HTTPS_PROXY: "http://proxy:3128", http_proxy: "plain-proxy:8080" };

test("each scheme has its proxy, in either spelling, with http where it names no scheme", () => {
  expect(environmentProxy("https://api.example.com:6443", env)).toBe("http://proxy:3128");
  expect(environmentProxy("http://api.example.com", env)).toBe("http://plain-proxy:8080");
  expect(environmentProxy("https://api.example.com", {})).toBeUndefined();
  expect(environmentProxy("https://api.example.com", { HTTPS_PROXY: " ", https_proxy: "https://p" })).toBeUndefined();
});

test.each(["https://localhost:6443", "https://127.0.0.1", "https://127.8.9.1", "https://[::1]:6443"])(
  "%s is this machine, which no proxy leads to",
  (server) => {
    expect(environmentProxy(server, env)).toBeUndefined();
  },
);

test.each([
  ["*", "https://api.example.com", false],
  ["example.com", "https://api.example.com", false],
  ["example.com", "https://example.com", false],
  ["example.com", "https://badexample.com", true],
  [".example.com", "https://api.example.com", false],
  [".example.com", "https://example.com", true],
  ["*.example.com", "https://api.example.com", false],
  ["EXAMPLE.com", "https://API.example.COM", false],
  ["a, api.example.com:6443", "https://api.example.com:6443", false],
  ["api.example.com:6443", "https://api.example.com", true],
  ["api.example.com:443", "https://api.example.com", false],
  ["10.0.0.0/8", "https://10.96.0.1:443", false],
  ["10.0.0.0/8", "https://11.0.0.1", true],
  ["10.0.0.0/8", "https://ten.example.com", true],
  ["10.0.0.0/", "https://10.0.0.1", true],
  ["10.0.0.0/99", "https://10.0.0.1", true],
  ["10.0.0.1", "https://10.0.0.1:6443", false],
  ["fd00::/8", "https://[fd00::1]:6443", false],
  ["[fd00::1]:6443", "https://[fd00::1]:6443", false],
  ["fd00::1", "https://[fd00::1]", false],
  [", ,", "https://api.example.com", true],
])("with NO_PROXY %j, %s goes through the proxy: %s", (list, server, proxied) => {
  expect(environmentProxy(server, { ...env, NO_PROXY: list })).toBe(proxied ? "http://proxy:3128" : undefined);
});
