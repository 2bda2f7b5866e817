import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ApiError, type ApiErrorKind } from "../cluster/api-error.ts";
import type { Cluster, Pod } from "../cluster/cluster.ts";
import type { EnvSource } from "./host.ts";
import { createHostReader } from "./read-host.ts";

const recorded: Pod = JSON.parse(
  readFileSync(new URL("../../test/fixtures/paperclip/pod.json", import.meta.url), "utf8"),
);
const env = {
  HOSTNAME: "paperclip-5cd96c9fb9-rs76r",
  KUBERNETES_SERVICE_HOST: "10.96.0.1",
  KUBERNETES_SERVICE_PORT: "443",
};
const { signal } = new AbortController();

const serviceAccountDir = mkdtempSync(join(tmpdir(), "service-account-"));
writeFileSync(join(serviceAccountDir, "namespace"), "hostfx\n");
afterAll(() => rmSync(serviceAccountDir, { recursive: true }));

/** The same pod without variables in bulk: then it is all that is read. */
const plain = structuredClone(recorded);
for (const container of plain.spec?.containers ?? []) delete container.envFrom;

/** A cluster that answers reads with each of `answers` in turn, then with the last one. */
function clusterAnswering(...answers: (Pod | undefined | Error)[]) {
  const asked: unknown[] = [];
  const read = async (_resource: string, ref: unknown) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)];
    asked.push(ref);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { asked, server: "https://10.96.0.1:443", read: read as Cluster["read"] };
}

function refusal(kind: ApiErrorKind, status = 0) {
  return new ApiError("the server's words", { kind, status });
}

test("in a pod: its own pod is asked for once, whatever the number of runs", async () => {
  const cluster = clusterAnswering(plain);
  const readHost = createHostReader({ env, serviceAccountDir });
  const reading = await readHost(cluster, signal);
  expect(reading).toMatchObject({ kind: "in-pod", host: { image: "docker.io/local/agent:1" } });
  expect(await readHost(cluster, signal)).toBe(reading);
  expect(cluster.asked).toEqual([{ namespace: "hostfx", name: env.HOSTNAME }]);
});

describe("variables that come in bulk", () => {
  const bulk: EnvSource[] = [
    { secretRef: { name: "paperclip-env" } },
    { prefix: "PAPERCLIP_", secretRef: { name: "paperclip-keys", optional: true } },
    { configMapRef: { name: "site" } },
  ];
  const pod = structuredClone(recorded);
  for (const container of pod.spec?.containers ?? []) container.envFrom = bulk;

  /** A cluster with these Secrets, by name their keys, and who may read them. */
  function clusterWith(secrets: Record<string, string[] | ApiError>) {
    const asked: string[] = [];
    const read = async (resource: string, { name }: { name: string }) => {
      asked.push(`${resource}/${name}`);
      if (resource === "pods") return pod;
      const keys = secrets[name];
      if (keys instanceof Error) throw keys;
      return keys && { data: Object.fromEntries(keys.map((key) => [key, "c2VjcmV0"])) };
    };
    return { asked, server: "https://10.96.0.1:443", read: read as Cluster["read"] };
  }

  const bulkSecretsOf = async (cluster: ReturnType<typeof clusterWith>) => {
    const reading = await createHostReader({ env, serviceAccountDir })(cluster, signal);
    return reading.kind === "in-pod" ? reading.host.bulkSecrets : reading;
  };

  test("the server's own secrets reached agents by a name that is on no list: the Secrets' keys tell it, and its value is not kept", async () => {
    const cluster = clusterWith({
      "paperclip-env": ["ANTHROPIC_API_KEY", "PAPERCLIP_SECRETS_MASTER_KEY_PREVIOUS", "DATABASE_URL"],
      "paperclip-keys": ["LOG_LEVEL", "ID_V2_PRIVATE_KEY"],
    });
    const readHost = createHostReader({ env, serviceAccountDir });
    const reading = await readHost(cluster, signal);
    expect(reading).toMatchObject({
      host: {
        bulkSecrets: ["PAPERCLIP_SECRETS_MASTER_KEY_PREVIOUS", "DATABASE_URL", "PAPERCLIP_ID_V2_PRIVATE_KEY"],
        envFrom: bulk,
      },
    });
    expect(JSON.stringify(reading)).not.toContain("c2VjcmV0");
    await readHost(cluster, signal);
    expect(cluster.asked).toEqual([`pods/${env.HOSTNAME}`, "secrets/paperclip-env", "secrets/paperclip-keys"]);
  });

  test.each([
    ["is not there", undefined],
    ["may not be read", refusal("denied")],
  ])("a Secret that %s tells nothing and holds nothing up", async (_, answer) => {
    const others = { "paperclip-env": ["DATABASE_URL"] };
    const secrets = answer === undefined ? others : { ...others, "paperclip-keys": answer };
    expect(await bulkSecretsOf(clusterWith(secrets))).toEqual(["DATABASE_URL"]);
  });

  test("an outage is waited for: without the Secrets' keys the host is not known", async () => {
    const reading = await bulkSecretsOf(clusterWith({ "paperclip-env": refusal("unavailable") }));
    expect(reading).toMatchObject({ kind: "unreadable", transient: true });
  });
});

test("another cluster is another question", async () => {
  const readHost = createHostReader({ env, serviceAccountDir });
  await readHost(clusterAnswering(plain), signal);
  const other = { ...clusterAnswering(undefined), server: "https://elsewhere:6443" };
  expect(await readHost(other, signal)).toEqual({
    kind: "outside",
    why: `Pod hostfx/${env.HOSTNAME} is not in the cluster at https://elsewhere:6443.`,
  });
});

test("a failed read is not kept", async () => {
  const cluster = clusterAnswering(refusal("unreachable"), plain);
  const readHost = createHostReader({ env, serviceAccountDir });
  expect((await readHost(cluster, signal)).kind).toBe("unreadable");
  expect((await readHost(cluster, signal)).kind).toBe("in-pod");
});

test.each<[ApiErrorKind, boolean, RegExp]>([
  ["denied", false, /needs "get" on "pods" in namespace hostfx\.$/],
  ["unauthorized", false, /does not accept the credentials\.$/],
  ["unreachable", true, /cannot be read from the cluster at https:\/\/10\.96\.0\.1:443: the server's words$/],
  ["unavailable", true, /the server's words$/],
])("%s says what is wrong, and whether waiting may help", async (kind, transient, why) => {
  const readHost = createHostReader({ env, serviceAccountDir });
  const reading = await readHost(clusterAnswering(refusal(kind)), signal);
  expect(reading).toMatchObject({ kind: "unreadable", transient, why: expect.stringMatching(why) });
});

describe("a refusal to show the pod", () => {
  const refusing = (server: string) => ({ ...clusterAnswering(refusal("denied")), server });

  test.each(["https://10.96.0.1", "https://10.96.0.1:443", "https://kubernetes.default.svc", "https://kubernetes"])(
    "by the cluster at %s, Paperclip's own, is a fault of the Role",
    async (server) => {
      const reading = await createHostReader({ env, serviceAccountDir })(refusing(server), signal);
      expect(reading).toMatchObject({ kind: "unreadable", transient: false });
    },
  );

  test("by Paperclip's own cluster at an IPv6 address too", async () => {
    const source = { env: { ...env, KUBERNETES_SERVICE_HOST: "fd00::1" }, serviceAccountDir };
    expect((await createHostReader(source)(refusing("https://[fd00::1]:443"), signal)).kind).toBe("unreadable");
  });

  test.each(["https://remote.example.com:6443", "https://10.96.0.1:6443"])(
    "every run on another cluster was refused, credentials for its Jobs' namespace being all there was: %s is outside",
    async (server) => {
      expect(await createHostReader({ env, serviceAccountDir })(refusing(server), signal)).toEqual({
        kind: "outside",
        why: `Pod hostfx/${env.HOSTNAME} may not be looked for in the cluster at ${server}, which is not the address of the cluster that Paperclip runs in.`,
      });
    },
  );

  test("by another cluster that does not know the credentials is a fault all the same", async () => {
    const cluster = { ...clusterAnswering(refusal("unauthorized")), server: "https://remote.example.com:6443" };
    expect((await createHostReader({ env, serviceAccountDir })(cluster, signal)).kind).toBe("unreadable");
  });
});

test("outside a pod nothing is asked", async () => {
  const cluster = clusterAnswering(plain);
  const laptop = createHostReader({ env, serviceAccountDir: join(serviceAccountDir, "absent") });
  expect(await laptop(cluster, signal)).toMatchObject({
    kind: "outside",
    why: expect.stringContaining("not run in a pod"),
  });
  expect(cluster.asked).toEqual([]);
});

test("an aborted read is no reading", async () => {
  const readHost = createHostReader({ env, serviceAccountDir });
  await expect(readHost(clusterAnswering(new Error("cancelled")), signal)).rejects.toThrow("cancelled");
});
