import { afterEach, describe, expect, test, vi } from "vitest";
import { bodyOf, refusalOf } from "../../test/support/log/log-response.ts";
import {
  type Answer,
  type Api,
  answerJson,
  hangingLogin,
  httpCluster,
  operatorEnv,
  serve,
  status,
  writeKubeconfig,
} from "../../test/support/scripted-api.ts";
import type { Cluster } from "./cluster.ts";
import { connectCluster } from "./connect.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(cleanups.splice(0).map((clean) => clean()));
});

async function stage(answer: Answer): Promise<{ api: Api; cluster: Cluster }> {
  const api = await serve(answer);
  const cluster = await connectCluster({ kubeconfig: api.kubeconfig, env: {} });
  cleanups.push(() => cluster.close(), api.close);
  return { api, cluster };
}

const { signal } = new AbortController();
const ref = { namespace: "agents", name: "job-1" };
const refusing = (code: number, reason: string) =>
  stage((response) => answerJson(response, code, status(code, reason)));

describe("an object that is not there", () => {
  test("404 was never recognised: it is no error, whatever is asked of it", async () => {
    const { cluster } = await refusing(404, "NotFound");
    expect(await cluster.read("jobs", ref, { signal })).toBeUndefined();
    expect(await cluster.patch("jobs", ref, { patch: {}, signal })).toBeUndefined();
    expect(await cluster.delete("jobs", ref, { signal })).toBe(false);
  });

  test("is not known to be missing while a load balancer answers for the API", async () => {
    const { cluster } = await stage((response, nth) =>
      nth === 1 ? response.writeHead(404).end("<html>no backend</html>") : answerJson(response, 200, { nth }),
    );
    expect(await cluster.read("pods", ref, { signal })).toEqual({ nth: 2 });
  });

  test("is also one that another has the name of, when it is deleted by its uid", async () => {
    const { api, cluster } = await refusing(409, "Conflict");
    expect(await cluster.delete("jobs", ref, { signal, uid: "u-1" })).toBe(false);
    expect(JSON.parse(api.received[0]?.body ?? "")).toEqual({
      propagationPolicy: "Background",
      preconditions: { uid: "u-1" },
    });
  });

  test("is an error where it is the place to create or to list in", async () => {
    const { cluster } = await refusing(404, "NotFound");
    await expect(cluster.create("jobs", { metadata: ref }, { signal })).rejects.toMatchObject({ kind: "missing" });
    await expect(cluster.list("jobs", "agents", { signal })).rejects.toMatchObject({ kind: "missing" });
  });
});

test("a cluster that cannot be signed in to is given up in time", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { user, starts } = hangingLogin();
  const kubeconfig = writeKubeconfig(httpCluster("http://127.0.0.1:1"), user);
  const connecting = connectCluster({ kubeconfig, env: operatorEnv }).catch((error: unknown) => error);
  await expect.poll(starts).toBe(1);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await connecting).toMatchObject({ kind: "unreachable", message: expect.stringContaining("signing in") });
});

test("patches are merge patches: a body of the wrong kind was refused in silence", async () => {
  const { api, cluster } = await stage((response) => answerJson(response, 200, {}));
  await cluster.patch("jobs", ref, { patch: { spec: { suspend: false } }, signal });
  expect(api.received).toMatchObject([
    {
      method: "PATCH",
      url: "/apis/batch/v1/namespaces/agents/jobs/job-1",
      headers: { "content-type": "application/merge-patch+json" },
      body: '{"spec":{"suspend":false}}',
    },
  ]);
});

test("a dry run says so to the server", async () => {
  const { api, cluster } = await stage((response) => answerJson(response, 201, {}));
  await cluster.create("jobs", { metadata: ref }, { signal, dryRun: true });
  expect(api.received[0]?.url).toBe("/apis/batch/v1/namespaces/agents/jobs?dryRun=All");
});

test("a list gives its version, from which a watch goes on", async () => {
  const list = { metadata: { resourceVersion: "7" }, items: [{ metadata: { name: "a" } }] };
  const { api, cluster } = await stage((response) => answerJson(response, 200, list));
  const found = await cluster.list("pods", "agents", { labelSelector: "a=b", fieldSelector: "c=d", signal });
  expect(found).toEqual({ items: [{ metadata: { name: "a" } }], resourceVersion: "7" });
  expect(api.received[0]?.url).toBe("/api/v1/namespaces/agents/pods?labelSelector=a%3Db&fieldSelector=c%3Dd");
});

describe("a log", () => {
  const request = { pod: ref, container: "opencode", follow: true, signal };

  test("is followed with timestamps, and given as it comes", async () => {
    const { api, cluster } = await stage((response) => response.writeHead(200).end("some bytes"));
    const body = bodyOf(await cluster.openLog({ ...request, sinceTime: "2026-01-01T00:00:00Z" }));
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe("some bytes");
    const { pathname, searchParams } = new URL(api.received[0]?.url ?? "", api.url);
    expect(pathname).toBe("/api/v1/namespaces/agents/pods/job-1/log");
    expect(Object.fromEntries(searchParams)).toEqual({
      container: "opencode",
      follow: "true",
      timestamps: "true",
      sinceTime: "2026-01-01T00:00:00Z",
    });
  });

  test("that is refused says how long the server asks to wait", async () => {
    const { cluster } = await stage((response) => response.writeHead(429, { "retry-after": "7" }).end("too many"));
    const refused = refusalOf(await cluster.openLog(request));
    expect(refused).toMatchObject({ kind: "throttled", status: 429, message: "too many" });
    expect(refused.retryAfterMs).toBeGreaterThanOrEqual(7_000);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(7_000 * 1.25);
  });

  test.each([
    [204, "", "the pod is on no node yet"],
    [400, '{"kind":"Status","message":"is waiting to start"}', "is waiting to start"],
    [400, "some bytes", "some bytes"],
  ])("of a container that has not started is refused as such: %i %s", async (status, answer, message) => {
    const { cluster } = await stage((response) => response.writeHead(status).end(answer));
    expect(refusalOf(await cluster.openLog(request))).toMatchObject({ kind: "invalid", status, message });
  });

  test("whose refusal does not come to its end in time is unreachable", async () => {
    const { api, cluster } = await stage((response) => response.writeHead(500).write("an err"));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const opening = cluster.openLog(request).catch((error: unknown) => error);
    await expect.poll(() => api.received.length).toBe(1);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await opening).toMatchObject({ kind: "unreachable" });
  });

  test("that does not begin in time is unreachable", async () => {
    const { api, cluster } = await stage(() => {});
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const opening = cluster.openLog(request).catch((error: unknown) => error);
    await expect.poll(() => api.received.length).toBe(1);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await opening).toMatchObject({ kind: "unreachable", message: expect.stringContaining("no answer within") });
  });

  test("ends when its reader is aborted in the middle", async () => {
    const { cluster } = await stage((response) => response.writeHead(200).write("first"));
    const controller = new AbortController();
    const body = bodyOf(await cluster.openLog({ ...request, signal: controller.signal }));
    const read = async () => {
      for await (const _ of body) controller.abort(new Error("enough"));
    };
    await expect(read()).rejects.toThrow();
  });
});
