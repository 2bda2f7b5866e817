import { expect, test } from "vitest";
import { isImageReference } from "./image-reference.ts";

const digest = `sha256:${"a".repeat(64)}`;

test.each([
  "busybox",
  "busybox:1.36",
  "library/busybox:latest",
  "ghcr.io/team/agent_one/x--y:v1.2-rc.1",
  "localhost/agent",
  "localhost:5000/agent:1",
  "registry.example.com:443/a/b",
  "[2001:db8::1]:5000/agent",
  "REGISTRY/agent",
  `busybox@${digest}`,
  `registry.example.com/a/b:tag@${digest}`,
])("%s names an image", (text) => {
  expect(isImageReference(text)).toBe(true);
});

test.each([
  "",
  "busy box",
  "Busybox",
  "busybox:",
  "busybox:a b",
  "busybox:-x",
  "a//b",
  "a/b/",
  "https://registry.example.com/a",
  "busybox@sha256:short",
  "busybox@",
  "-a",
  "a___b",
])("%s names none", (text) => {
  expect(isImageReference(text)).toBe(false);
});
