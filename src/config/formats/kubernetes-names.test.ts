import { expect, test } from "vitest";
import { isDnsLabel, isDnsSubdomain, isLabelValue, isQualifiedName } from "./kubernetes-names.ts";

const long = (length: number) => "a".repeat(length);

test.each([
  ["paperclip", true],
  ["a", true],
  ["1st", true],
  [long(63), true],
  [long(64), false],
  ["", false],
  ["Paperclip", false],
  ["-a", false],
  ["a-", false],
  ["a.b", false],
  ["a_b", false],
])("as a DNS label, %s is %s", (text, valid) => {
  expect(isDnsLabel(text)).toBe(valid);
});

test.each([
  ["efs-sc", true],
  ["a.b-c.d", true],
  [long(253), true],
  [long(254), false],
  ["a..b", false],
  [".a", false],
  ["a.-b", false],
  ["a/b", false],
])("as a DNS subdomain, %s is %s", (text, valid) => {
  expect(isDnsSubdomain(text)).toBe(valid);
});

test.each([
  ["cpu", true],
  ["nvidia.com/gpu", true],
  ["kubernetes.io/os", true],
  ["Mixed_Case.1", true],
  [`example.com/${long(63)}`, true],
  [`example.com/${long(64)}`, false],
  ["/name", false],
  ["a/b/c", false],
  ["Example.com/name", false],
  ["name/", false],
  ["", false],
])("as a qualified name, %s is %s", (text, valid) => {
  expect(isQualifiedName(text)).toBe(valid);
});

test.each([
  ["", true],
  ["a", true],
  ["v1.2_x-Y", true],
  [long(63), true],
  [long(64), false],
  ["-a", false],
  ["a b", false],
  ["a=b", false],
  ["ä", false],
])("as a label's value, %s is %s", (text, valid) => {
  expect(isLabelValue(text)).toBe(valid);
});
