import { expect, test } from "vitest";
import type { Pod } from "../cluster/cluster.ts";
import { extractHost } from "./inherit.ts";

const pod: Pod = {
  metadata: { name: "paperclip-1", namespace: "paperclip", labels: { app: "paperclip" } },
  spec: {
    serviceAccountName: "server",
    imagePullSecrets: [{ name: "registry" }],
    initContainers: [{ name: "migrate", image: "m:1", envFrom: [{ secretRef: { name: "migration" } }] }],
    containers: [
      {
        name: "paperclip",
        image: "paperclip:1",
        env: [
          { name: "DATABASE_URL", valueFrom: { secretKeyRef: { name: "server", key: "url" } } },
          { name: "OPENAI_API_KEY", valueFrom: { secretKeyRef: { name: "mixed", key: "openai" } } },
        ],
        envFrom: [{ secretRef: { name: "bulk" } }],
        volumeMounts: [
          { name: "data", mountPath: "/paperclip" },
          { name: "whole", mountPath: "/etc/whole" },
          { name: "part", mountPath: "/etc/part" },
          { name: "file", mountPath: "/etc/file", subPath: "a" },
        ],
      },
      { name: "proxy", image: "p:1", env: [{ name: "T", valueFrom: { secretKeyRef: { name: "tunnel", key: "t" } } }] },
    ],
    volumes: [
      { name: "data", persistentVolumeClaim: { claimName: "paperclip-data" } },
      { name: "backups", persistentVolumeClaim: { claimName: "paperclip-backups" } },
      { name: "whole", secret: { secretName: "whole" } },
      { name: "part", secret: { secretName: "part", items: [{ key: "a", path: "a" }] } },
      { name: "file", secret: { secretName: "file" } },
      { name: "unmounted", secret: { secretName: "unmounted" } },
      { name: "mix", projected: { sources: [{ secret: { name: "projected" } }] } },
      { name: "store", csi: { driver: "secrets", nodePublishSecretRef: { name: "store-login" } } },
    ],
  },
};

test("each Secret and claim of Paperclip's pod is the server's, but for a Secret that agents get as a whole", () => {
  const { withheld } = extractHost(pod) ?? {};
  expect(withheld?.secrets.toSorted()).toEqual([
    "bulk",
    "file",
    "migration",
    "mixed",
    "part",
    "projected",
    "registry",
    "server",
    "store-login",
    "tunnel",
    "unmounted",
  ]);
  expect(withheld?.claims).toEqual(["paperclip-data", "paperclip-backups"]);
});

test("who Paperclip's pod is: its labels, its service account, and whether OpenShift let it in", () => {
  expect(extractHost(pod)).toMatchObject({
    labels: { app: "paperclip" },
    serviceAccountName: "server",
    admittedByOpenShift: false,
  });
  const annotations = { "openshift.io/scc": "restricted-v2" };
  const { serviceAccountName: _, ...spec } = pod.spec ?? { containers: [] };
  expect(extractHost({ metadata: { annotations }, spec })).toMatchObject({
    labels: {},
    serviceAccountName: "default",
    admittedByOpenShift: true,
  });
});
