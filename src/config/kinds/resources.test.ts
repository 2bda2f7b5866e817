import { describe, expect, test } from "vitest";
import { badKeys, parsed, problems } from "../../../test/support/parsed.ts";
import { defaultResources } from "./resources.ts";

describe("resources", () => {
  test("that nobody sets are the defaults, which a node without a measured disk can have too", () => {
    expect(parsed({}).resources).toEqual(defaultResources);
    expect(defaultResources.requests["ephemeral-storage"]).toBe("0");
  });

  const wanted = {
    requests: { cpu: "500m", memory: "2Gi", "ephemeral-storage": "0" },
    limits: { cpu: "4000m", memory: "16Gi", "ephemeral-storage": "20Gi" },
  };

  test.each([
    ["an object", { resources: { requests: { cpu: "500m" }, limits: { memory: "16Gi" } } }],
    ["flat keys", { "resources.requests.cpu": "500m", "resources.limits.memory": "16Gi" }],
    ["YAML", { resources: "requests:\n  cpu: 500m\nlimits:\n  memory: 16Gi\n" }],
    ["YAML with its name above", { resources: "resources:\n  requests: {cpu: 500m}\n  limits: {memory: 16Gi}" }],
    ["JSON", { resources: '{"requests":{"cpu":"500m"},"limits":{"memory":"16Gi"}}' }],
    [
      "both, the flat key first",
      { resources: { requests: { cpu: "9" }, limits: { memory: "16Gi" } }, "resources.requests.cpu": "500m" },
    ],
    ["text and a flat key", { resources: "limits: {memory: 16Gi}", "resources.requests.cpu": "500m" }],
    ["empty flat keys", { resources: wanted, "resources.requests.cpu": "", "resources.limits.cpu": null }],
    ["blank flat keys", { resources: wanted, "resources.requests.cpu": " ", "resources.limits.cpu": " " }],
    [
      "flat keys beside text of comments alone",
      { resources: "# later", "resources.requests.cpu": "500m", "resources.limits.memory": "16Gi" },
    ],
  ])("come as %s", (_, raw) => {
    expect(parsed(raw).resources).toEqual(wanted);
  });

  test("pass other names through, numbers too", () => {
    const { limits } = parsed({
      "resources.limits.nvidia.com/gpu": 1,
      resources: { limits: { "ephemeral-storage": "4Gi" } },
    }).resources;
    expect(limits).toEqual({ cpu: "4000m", memory: "8Gi", "ephemeral-storage": "4Gi", "nvidia.com/gpu": "1" });
  });

  test("are refused by amount, by name and by shape, each named", () => {
    expect(
      badKeys({ resources: { requests: { cpu: "much", "no name": "1" }, limits: { memory: true }, limit: {} } }),
    ).toEqual(["resources.limit", "resources.requests.cpu", "resources.requests.no name", "resources.limits.memory"]);
    expect(badKeys({ resources: "requests: [" })).toEqual(["resources"]);
    expect(badKeys({ resources: "a lot" })).toEqual(["resources"]);
    expect(badKeys({ resources: [1] })).toEqual(["resources"]);
    expect(badKeys({ resources: { requests: "1" }, "resources.requests.cpu": "1" })).toEqual(["resources.requests"]);
  });

  test("may not ask for more than the limit, and the advice is one that was not followed yet", () => {
    const key = "resources.requests.memory";
    expect(problems({ "resources.requests.memory": "16Gi" })).toEqual([
      {
        key,
        found: "16Gi",
        expected: "at most the default limit, 8Gi: set resources.limits.memory too, or ask for less",
      },
    ]);
    expect(problems({ "resources.requests.memory": "16Gi", "resources.limits.memory": "12Gi" })).toEqual([
      { key, found: "16Gi", expected: "at most the limit, 12Gi: raise resources.limits.memory, or ask for less" },
    ]);
    expect(parsed({ resources: { requests: { cpu: 2 }, limits: { cpu: "2000m" } } }).resources.requests).toMatchObject({
      cpu: "2",
    });
  });

  test.each([
    ["null in an object", { resources: { limits: { cpu: null } } }],
    ["null in YAML", { resources: "limits: {cpu: null}" }],
    ["~ in YAML", { resources: "limits: {cpu: ~}" }],
    ["none in the form", { "resources.limits.cpu": "none" }],
    ["None in JSON", { resources: '{"limits":{"cpu":"None"}}' }],
  ])("a limit that was taken away stayed at its default in silence: %s leaves none", (_, raw) => {
    const { requests, limits } = parsed(raw).resources;
    expect(limits).toEqual({ memory: "8Gi", "ephemeral-storage": "20Gi" });
    expect(requests["cpu"]).toBe("1000m");
  });

  test("without a limit any request can be made, and a request can be taken away too", () => {
    const { requests } = parsed({
      resources: { requests: { cpu: "64", memory: null }, limits: { cpu: null } },
    }).resources;
    expect(requests).toEqual({ cpu: "64", "ephemeral-storage": "0" });
  });

  test.each([
    ["memory", "500m", "500M or 500Mi"],
    ["memory", "1.5u", "1.5M or 1.5Mi"],
    ["ephemeral-storage", "8n", "8M or 8Mi"],
    ["memory", "8", "8Mi or 8Gi"],
    ["memory", 512, "512Mi or 512Gi"],
    ["memory", "8GB", '"GB" is not valid, use 8G or 8Gi'],
    ["memory", "8 GiB", '"GiB" is not valid, use 8G or 8Gi'],
    ["memory", "512mb", '"mb" is not valid, use 512M or 512Mi'],
    ["memory", "64K", '"K" is not valid, use 64k or 64Ki'],
    ["hugepages-2Mi", "4g", '"g" is not valid, use 4G or 4Gi'],
    ["cpu", "2 cores", "an amount as Kubernetes writes it"],
  ])("%s: %j is refused with a word about its unit", (name, amount, told) => {
    expect(problems({ resources: { limits: { [name]: amount } } })).toEqual([
      expect.objectContaining({ key: `resources.limits.${name}`, expected: expect.stringContaining(told) }),
    ]);
  });

  test.each([
    ["cpu", "500m"],
    ["memory", "0"],
    ["memory", "1e9"],
    ["memory", "8589934592"],
    ["nvidia.com/gpu", "1"],
  ])("%s: %s is an amount that can be meant", (name, amount) => {
    const request = { requests: { [name]: "0" }, limits: { [name]: amount } };
    expect(parsed({ resources: request }).resources.limits[name]).toBe(amount);
  });

  test("a small limit alone was refused: a default request gives way to it, and only to a smaller one", () => {
    expect(parsed({ "resources.limits.memory": "1Gi", "resources.limits.cpu": "16" }).resources).toEqual({
      requests: { cpu: "1000m", memory: "1Gi", "ephemeral-storage": "0" },
      limits: { cpu: "16", memory: "1Gi", "ephemeral-storage": "20Gi" },
    });
    expect(badKeys({ "resources.limits.memory": "little" })).toEqual(["resources.limits.memory"]);
  });
});
