import { readFileSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { type Answer, type Api, answerJson, serve, status, transportTo } from "../../test/support/scripted-api.ts";
import { type JsonRequest, requestJson } from "./json-request.ts";
import type { Transport } from "./transport.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(cleanups.splice(0).map((clean) => clean()));
});

async function stage(answer: Answer): Promise<{ api: Api; transport: Transport }> {
  const api = await serve(answer);
  const transport = await transportTo(api);
  cleanups.push(() => transport.close(), api.close);
  return { api, transport };
}

function busy(response: ServerResponse, retryAfter: string): void {
  response.setHeader("retry-after", retryAfter);
  answerJson(response, 429, status(429, "TooManyRequests"));
}

function get(transport: Transport, request: Partial<JsonRequest> = {}): Promise<unknown> {
  return requestJson(transport, { method: "GET", path: "/api/v1/x", signal: new AbortController().signal, ...request });
}

describe("a request", () => {
  test("carries method, path, body, its type and the credentials", async () => {
    const { api, transport } = await stage((response) => answerJson(response, 200, { ok: true }));
    const answer = await get(transport, {
      method: "PATCH",
      path: "/apis/batch/v1/jobs?x=1",
      body: { spec: { suspend: false } },
      contentType: "application/merge-patch+json",
    });
    expect(answer).toEqual({ ok: true });
    expect(api.received).toMatchObject([
      {
        method: "PATCH",
        url: "/apis/batch/v1/jobs?x=1",
        body: '{"spec":{"suspend":false}}',
        headers: { "content-type": "application/merge-patch+json", authorization: "Bearer t-1" },
      },
    ]);
  });

  test("shares few connections with a hundred others", async () => {
    const { transport } = await stage((response) => answerJson(response, 200, { port: response.socket?.remotePort }));
    const answers = await Promise.all(Array.from({ length: 100 }, () => get(transport)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBeLessThanOrEqual(2);
  });
});

describe("what may pass is tried again", () => {
  test.each([500, 502, 503, 504, 408])("one failed read was the end of good runs: %i, twice", async (code) => {
    const { api, transport } = await stage((response, nth) =>
      nth <= 2 ? answerJson(response, code, status(code, "Whatever")) : answerJson(response, 200, { nth }),
    );
    expect(await get(transport)).toEqual({ nth: 3 });
    expect(api.received).toHaveLength(3);
  });

  test.each(["POST", "PATCH"] as const)(
    "a %s that met another change: a quota's, or the object's own",
    async (method) => {
      const quota =
        'Operation cannot be fulfilled on resourcequotas "team": the object has been modified; please apply your changes to the latest version and try again';
      const { api, transport } = await stage((response, nth) =>
        nth <= 2 ? answerJson(response, 409, status(409, "Conflict", quota)) : answerJson(response, 201, { nth }),
      );
      expect(await get(transport, { method, body: {} })).toEqual({ nth: 3 });
      expect(api.received).toHaveLength(3);
    },
  );

  test("not before the time that the server names", async () => {
    const { transport } = await stage((response, nth) =>
      nth === 1 ? busy(response, "1") : answerJson(response, 200, {}),
    );
    const startedAtMs = Date.now();
    await get(transport);
    expect(Date.now() - startedAtMs).toBeGreaterThanOrEqual(990);
  });

  test("an answer that breaks off", async () => {
    const { transport } = await stage((response, nth) => {
      if (nth > 1) return answerJson(response, 200, { whole: true });
      response.writeHead(200, { "content-length": "100" });
      response.write('{"half":');
      setTimeout(() => response.destroy(), 20);
    });
    expect(await get(transport)).toEqual({ whole: true });
  });

  test("a page of a load balancer that is no JSON", async () => {
    const { transport } = await stage((response, nth) =>
      nth === 1 ? response.writeHead(200).end("<html>please wait</html>") : answerJson(response, 200, { nth }),
    );
    expect(await get(transport)).toEqual({ nth: 2 });
  });

  test("within the time of the call, whose last error is told", async () => {
    const { transport } = await stage((response) => answerJson(response, 503, status(503, "X", "etcd is away")));
    const startedAtMs = Date.now();
    await expect(get(transport, { timeoutMs: 400 })).rejects.toMatchObject({
      kind: "unavailable",
      message: "etcd is away",
    });
    expect(Date.now() - startedAtMs).toBeLessThan(3_000);
  });
});

describe("a refusal is told once, in the server's words", () => {
  test.each([
    [400, "BadRequest", "invalid"],
    [403, "Forbidden", "denied"],
    [404, "NotFound", "missing"],
    [409, "AlreadyExists", "exists"],
    [409, "Conflict", "conflict"],
    [410, "Expired", "gone"],
    [422, "Invalid", "invalid"],
    [405, "MethodNotAllowed", "refused"],
  ])("%i %s is %s", async (code, reason, kind) => {
    const { api, transport } = await stage((response) => answerJson(response, code, status(code, reason, "in words")));
    await expect(get(transport)).rejects.toMatchObject({ kind, status: code, reason, message: "in words" });
    expect(api.received).toHaveLength(1);
  });
});

test("a name that is taken is told at once, though it is a conflict, too", async () => {
  const { api, transport } = await stage((response) => answerJson(response, 409, status(409, "AlreadyExists")));
  await expect(get(transport, { method: "POST", body: {} })).rejects.toMatchObject({ kind: "exists" });
  expect(api.received).toHaveLength(1);
});

describe("a token that is no longer good", () => {
  test("is read anew, and the request made once more", async () => {
    const { api, transport } = await stage((response, _, { headers }) => {
      if (headers.authorization === "Bearer t-2") return answerJson(response, 200, { ok: true });
      writeFileSync(api.kubeconfig, readFileSync(api.kubeconfig, "utf8").replace("t-1", "t-2"));
      answerJson(response, 401, status(401, "Unauthorized"));
    });
    expect(await get(transport)).toEqual({ ok: true });
    expect(api.received.map(({ headers }) => headers.authorization)).toEqual(["Bearer t-1", "Bearer t-2"]);
  });

  test("is told when it is refused after two readings", async () => {
    const { api, transport } = await stage((response) =>
      answerJson(response, 401, status(401, "Unauthorized", "who?")),
    );
    await expect(get(transport)).rejects.toMatchObject({ kind: "unauthorized", message: "who?" });
    expect(api.received).toHaveLength(3);
  });
});

describe("a server that does not answer", () => {
  test("is unreachable when the call's time is up", async () => {
    const { api, transport } = await stage(() => {});
    const startedAtMs = Date.now();
    const message = expect.stringContaining(api.url);
    await expect(get(transport, { timeoutMs: 150 })).rejects.toMatchObject({ kind: "unreachable", status: 0, message });
    expect(Date.now() - startedAtMs).toBeLessThan(3_000);
  });

  test("is unreachable in time for those, too, who queue behind the ones it does not answer", async () => {
    const { api, transport } = await stage(() => {});
    for (let busy = 0; busy < 2; busy++) void get(transport).catch(() => undefined);
    await expect.poll(() => api.received.length).toBe(2);
    const startedAtMs = Date.now();
    await expect(get(transport, { timeoutMs: 150 })).rejects.toMatchObject({ kind: "unreachable" });
    expect(Date.now() - startedAtMs).toBeLessThan(3_000);
  });

  test("is left at once when the run is cancelled", async () => {
    const { transport } = await stage(() => {});
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("cancelled")), 30);
    await expect(get(transport, { signal: controller.signal })).rejects.toThrow("cancelled");
  });

  test("so is a wait between two tries", async () => {
    const { transport } = await stage((response) => busy(response, "20"));
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("cancelled")), 50);
    await expect(get(transport, { signal: controller.signal })).rejects.toThrow("cancelled");
  });

  test("a port that nobody listens on is unreachable, by its address", async () => {
    const { api, transport } = await stage(() => {});
    await api.close();
    await expect(get(transport, { timeoutMs: 300 })).rejects.toMatchObject({
      kind: "unreachable",
      message: expect.stringMatching(/cannot be reached: .*ECONNREFUSED/),
    });
  });
});
