import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Cluster } from "../../src/cluster/cluster.ts";
import { connectCluster } from "../../src/cluster/connect.ts";
import { type EmbeddedCluster, startEmbeddedCluster } from "../embedded/embedded-cluster.ts";
import { startHttpFaultProxy } from "../fault-proxy/http-fault-proxy.ts";
import { carry, countOf, startPod } from "../fault-proxy/log-run.ts";
import { proxiedKubeconfig, serverOf } from "../fault-proxy/proxied-kubeconfig.ts";
import { startTcpFaultProxy } from "../fault-proxy/tcp-fault-proxy.ts";

const image = "docker.io/local/agent:1";
const programs = fileURLToPath(new URL("../../node_modules/.bin", import.meta.url));
const chatter = ["node", fileURLToPath(new URL("../fault-proxy/chatter.mjs", import.meta.url))];
const namespace = "logs";
const limits = { idleMs: 1_500, renewMs: 600_000, firstRetryMs: 20, lastRetryMs: 200, wholeFileBytes: -1 };

let embedded: EmbeddedCluster;
let admin: Cluster;
let pods = 0;
beforeAll(async () => {
  embedded = await startEmbeddedCluster({
    images: { [image]: { path: [programs], uid: 1000 } },
    namespaces: [namespace],
  });
  admin = await connectCluster({ kubeconfig: embedded.adminKubeconfig });
});
afterAll(async () => {
  await admin.close();
  await embedded.stop();
});

function chat(env: Record<string, string>) {
  return startPod(admin, { namespace, name: `chat-${++pods}`, image, command: chatter, env });
}

async function through<T>(
  address: { port: number } | { url: string },
  use: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = await connectCluster({ kubeconfig: proxiedKubeconfig(embedded.adminKubeconfig, address) });
  return use(cluster).finally(() => cluster.close());
}

/** Runs `fault` again and again until the returned function is called. */
function every(ms: number, fault: () => void): () => void {
  const timer = setInterval(fault, ms);
  return () => clearInterval(timer);
}

const exact = { missing: 0, repeated: 0, ordered: true };

describe.concurrent("a log through a connection that breaks, byte by byte", () => {
  async function story(
    env: Record<string, string>,
    act: (proxy: Awaited<ReturnType<typeof startTcpFaultProxy>>) => () => void,
  ) {
    const proxy = await startTcpFaultProxy(serverOf(embedded.adminKubeconfig));
    const pod = await chat(env);
    const stop = act(proxy);
    try {
      const carried = await through(proxy, (cluster) => carry(cluster, pod, { limits }));
      return { ...carried, proxy, count: countOf(carried.stdout, Number(env["CH_LINES"])) };
    } finally {
      stop();
      await proxy.close();
    }
  }

  test("reset after random bytes", async () => {
    const { count, stderr, end, proxy } = await story(
      { CH_LINES: "3000", CH_RATE: "1000", CH_SIZE: "100", CH_ERR: "10" },
      (tcp) => {
        let connections = 0;
        // The first ones surely break; later ones live long enough to bring more than they repeat.
        tcp.resetAfter(() => (connections++ < 4 ? 60_000 : Math.floor(400_000 * (1 - Math.log(Math.random())))));
        return () => undefined;
      },
    );
    expect(count).toEqual(exact);
    expect(countOf(stderr, 0).repeated).toBe(0);
    expect(stderr.length).toBe(300);
    expect(end).toEqual({ kind: "marked", exitCode: 0 });
    expect(proxy.connections.total).toBeGreaterThan(3);
  });

  test("reset all the time", async () => {
    const { count } = await story({ CH_LINES: "1500", CH_RATE: "500" }, (tcp) => every(70, () => tcp.resetAll()));
    expect(count).toEqual(exact);
  });

  test("a black hole, noticed by its silence", async () => {
    const { count, said } = await story({ CH_LINES: "600", CH_RATE: "200" }, (tcp) => {
      setTimeout(() => tcp.blackHole(true), 500);
      setTimeout(() => {
        tcp.blackHole(false);
        tcp.resetAll();
      }, 3_000);
      return () => undefined;
    });
    expect(count).toEqual(exact);
    expect(said).toEqual([]);
  });

  test("half-open: the server's side is gone and nobody says so", async () => {
    const { count } = await story({ CH_LINES: "600", CH_RATE: "200" }, (tcp) => {
      setTimeout(() => tcp.halfOpen(), 700);
      return () => undefined;
    });
    expect(count).toEqual(exact);
  });

  test("refused for a while, and slow", async () => {
    const { count } = await story({ CH_LINES: "800", CH_RATE: "200" }, (tcp) => {
      tcp.delay(30);
      setTimeout(() => {
        tcp.refuse(true);
        tcp.resetAll();
      }, 400);
      setTimeout(() => tcp.refuse(false), 3_500);
      return () => undefined;
    });
    expect(count).toEqual(exact);
  });
});

describe.concurrent("a log through a server that answers oddly", () => {
  async function story(
    env: Record<string, string>,
    act: (proxy: Awaited<ReturnType<typeof startHttpFaultProxy>>) => () => void,
  ) {
    const proxy = await startHttpFaultProxy(serverOf(embedded.adminKubeconfig).url);
    const pod = await chat(env);
    const stop = act(proxy);
    try {
      const carried = await through({ url: proxy.url }, (cluster) => carry(cluster, pod, { limits }));
      return { ...carried, proxy, count: countOf(carried.stdout, Number(env["CH_LINES"])) };
    } finally {
      stop();
      await proxy.close();
    }
  }

  test("clean ends while the container runs", async () => {
    const { count, said, proxy } = await story({ CH_LINES: "1500", CH_RATE: "500" }, (http) =>
      every(150, () => http.endLogs()),
    );
    expect(count).toEqual(exact);
    expect(said).toEqual([]);
    expect(proxy.requests.filter((request) => request.includes("/log?")).length).toBeGreaterThan(5);
  });

  test.each([503, 429])("a storm of %i with Retry-After, on every path", async (status) => {
    const { count, proxy } = await story({ CH_LINES: "1500", CH_RATE: "500" }, (http) => {
      setTimeout(() => {
        http.refuse({ path: /./, status, times: 5, retryAfterSec: 1 });
        http.endLogs();
      }, 500);
      return () => undefined;
    });
    expect(count).toEqual(exact);
    expect(proxy.requests.length).toBeLessThan(20);
  });

  test("each connection closed after its answer, and ended in between", async () => {
    const { count } = await story({ CH_LINES: "1500", CH_RATE: "500" }, (http) => {
      http.closeEach(true);
      return every(200, () => http.endLogs());
    });
    expect(count).toEqual(exact);
  });
});

describe("a log from a node that does not do well", () => {
  async function story(env: Record<string, string>, act: () => () => void, follow: Partial<typeof limits> = {}) {
    const pod = await chat(env);
    const stop = act();
    const cluster = await connectCluster({ kubeconfig: embedded.adminKubeconfig });
    try {
      const carried = await carry(cluster, pod, { limits: { ...limits, ...follow } });
      return { ...carried, count: countOf(carried.stdout, Number(env["CH_LINES"])) };
    } finally {
      stop();
      await cluster.close();
    }
  }

  test("the file rotated under the stream", async () => {
    const ref = () => ({ namespace, name: `chat-${pods}` });
    const { count, said } = await story({ CH_LINES: "1500", CH_RATE: "500", CH_ERR: "7" }, () =>
      every(300, () => embedded.faults.rotateLog(ref())),
    );
    expect(count).toEqual(exact);
    expect(said).toEqual([]);
  });

  test("kubelet's errors in the body", async () => {
    const { count, stdout } = await story({ CH_LINES: "1500", CH_RATE: "500" }, () =>
      every(
        300,
        () =>
          void embedded.faults.injectIntoLogs("failed to create fsnotify watcher: too many open files", { end: true }),
      ),
    );
    expect(count).toEqual(exact);
    expect(stdout.join()).not.toContain("fsnotify");
  });

  test("the clock steps back under a stream that was resumed: late, not lost", async () => {
    const { stdout, said, end } = await story(
      { CH_LINES: "1000", CH_RATE: "250" },
      () => {
        setTimeout(() => embedded.faults.cleanEofOfLogs(), 600);
        setTimeout(() => embedded.faults.nodeClockStep(-5), 1_200);
        return () => embedded.faults.nodeClockStep(5);
      },
      { idleMs: 800 },
    );
    const { missing, repeated } = countOf(stdout, 1_000);
    expect({ missing, repeated }).toEqual({ missing: 0, repeated: 0 });
    expect(end.kind).toBe("marked");
    expect(said).toEqual([]);
  });

  test("a short log, resumed, whose server then answers no more: its end is known, and no gap is said", async () => {
    const ref = { subresource: "log", namespace, name: `chat-${pods + 1}` };
    const startedMs = performance.now();
    const { count, said, end } = await story(
      { CH_LINES: "400", CH_RATE: "200" },
      () => {
        setTimeout(() => embedded.faults.cleanEofOfLogs(), 600);
        let rule: { remove(): void } | undefined;
        setTimeout(() => {
          rule = embedded.faults.hang(ref);
        }, 1_200);
        return () => rule?.remove();
      },
      { wholeFileBytes: 65_536 },
    );
    expect(count).toEqual(exact);
    expect(said).toEqual([]);
    expect(end).toEqual({ kind: "marked", exitCode: 0 });
    expect(performance.now() - startedMs).toBeLessThan(8_000);
  });

  test("proactive renewal", async () => {
    const before = embedded.requests;
    const { count, said } = await story({ CH_LINES: "1500", CH_RATE: "500" }, () => () => undefined, { renewMs: 300 });
    expect(count).toEqual(exact);
    expect(said).toEqual([]);
    expect(embedded.requests - before).toBeGreaterThan(10);
  });
});
