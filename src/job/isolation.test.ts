import { describe, expect, test } from "vitest";
import { builtTemplate, host, refusals } from "../../test/support/job-request.ts";

const sharedFolders = [
  { path: "/paperclip/work", readOnly: false },
  { path: "/paperclip/rules", readOnly: true },
  { path: "/paperclip/.opencode-k8s/0b5e0c1e-6a4b-4d6e-9b1c-3f2a1d4c5b6a", readOnly: false },
];

const mountsOf = (changes: Parameters<typeof builtTemplate>[0]) =>
  builtTemplate(changes).spec.containers[0]?.volumeMounts?.filter(({ name }) => name === "paperclip-data");
const variable = (changes: Parameters<typeof builtTemplate>[0], name: string) =>
  builtTemplate(changes).spec.containers[0]?.env?.find((candidate) => candidate.name === name)?.value;

describe("a pod with parts of the shared volume", () => {
  test("mounts each folder by itself, at the path that it has in Paperclip's pod", () => {
    expect(mountsOf({ sharedFolders })).toEqual([
      { name: "paperclip-data", mountPath: "/paperclip/work", subPath: "work" },
      { name: "paperclip-data", mountPath: "/paperclip/rules", subPath: "rules", readOnly: true },
      {
        name: "paperclip-data",
        mountPath: "/paperclip/.opencode-k8s/0b5e0c1e-6a4b-4d6e-9b1c-3f2a1d4c5b6a",
        subPath: ".opencode-k8s/0b5e0c1e-6a4b-4d6e-9b1c-3f2a1d4c5b6a",
      },
    ]);
  });

  test("starts below the part of the claim that Paperclip itself has", () => {
    const sharedVolume = { claimName: "paperclip-data", subPath: "server/home", readOnly: false };
    expect(mountsOf({ sharedFolders, host: host({ sharedVolume }) })?.[0]?.subPath).toBe("server/home/work");
  });

  test("has no volume at all where it needs nothing of it", () => {
    const { spec } = builtTemplate({ sharedFolders: [] });
    expect(spec.volumes?.map(({ name }) => name)).not.toContain("paperclip-data");
  });

  test("has a home of its own, and keeps its database only where it has the folder for it", () => {
    expect(variable({ sharedFolders }, "HOME")).toBe("/opencode-run/home");
    expect(variable({ sharedFolders }, "OPENCODE_K8S_SAVED_DB")).toMatch(/^\/paperclip\/\.opencode-k8s\//);
    expect(variable({ sharedFolders: [] }, "OPENCODE_K8S_SAVED_DB")).toBeUndefined();
    expect(variable({}, "HOME")).toBe("/paperclip");
  });
});

describe("podTemplate brings no more of the shared volume into such a pod", () => {
  const mount = { name: "paperclip-data", mountPath: "/all" };
  const claim = { name: "all", persistentVolumeClaim: { claimName: "paperclip-data" } };
  const cases: [string, object][] = [
    ["by mounting its volume once more", { containers: [{ name: "opencode", volumeMounts: [mount] }] }],
    ["in a sidecar", { containers: [{ name: "side", image: "busybox", volumeMounts: [mount] }] }],
    ["in an init container", { initContainers: [{ name: "first", image: "busybox", volumeMounts: [mount] }] }],
    [
      "at a path of the run's own, without its part",
      { containers: [{ name: "side", image: "busybox", volumeMounts: [{ ...mount, mountPath: "/paperclip/work" }] }] },
    ],
    [
      "at a path of the run's own, with another part",
      {
        containers: [
          {
            name: "side",
            image: "busybox",
            volumeMounts: [{ ...mount, mountPath: "/paperclip/work", subPath: "secrets" }],
          },
        ],
      },
    ],
    ["by a volume of its own over the same claim", { volumes: [claim] }],
  ];

  test.each(cases)("%s", (_, spec) => {
    const settings = { podTemplate: { spec } };
    expect(refusals({ sharedFolders, settings })).toEqual([expect.stringContaining("isolation strict")]);
    expect(refusals({ settings })).toEqual([]);
  });

  test("another volume is its own matter", () => {
    const spec = { volumes: [{ name: "models", persistentVolumeClaim: { claimName: "models" } }] };
    expect(refusals({ sharedFolders, settings: { podTemplate: { spec } } })).toEqual([]);
  });
});
