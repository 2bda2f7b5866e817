import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Cluster } from "../../src/cluster/cluster.ts";
import { connectCluster } from "../../src/cluster/connect.ts";
import { carry, nonce } from "../fault-proxy/log-run.ts";
import { pause } from "../stories/stage.ts";

const totalBytes = 200 * 2 ** 20;
const mebi = 2 ** 20;

let server: ChildProcess;
let url: string;
let cluster: Cluster;
beforeAll(async () => {
  server = spawn(process.execPath, [fileURLToPath(new URL("../fault-proxy/flood-server.mjs", import.meta.url))], {
    env: { FLOOD_BYTES: String(totalBytes), FLOOD_NONCE: nonce },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const port = await new Promise<string>((resolve) => server.stdout?.once("data", (data) => resolve(String(data))));
  url = `http://127.0.0.1:${port.trim()}`;
  const config = {
    clusters: [{ name: "c", cluster: { server: url, "insecure-skip-tls-verify": true } }],
    users: [{ name: "u", user: {} }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  const file = join(mkdtempSync(join(tmpdir(), "flood-")), "kubeconfig");
  writeFileSync(file, JSON.stringify(config));
  cluster = await connectCluster({ kubeconfig: file });
});
afterAll(async () => {
  await cluster.close();
  server.kill();
});

test("200 MB into a slow log: the reading waits, memory stays flat", async () => {
  const pod = { metadata: { namespace: "n", name: "p", uid: "1" } };
  const limits = { idleMs: 5_000, renewMs: 600_000, firstRetryMs: 20, lastRetryMs: 200, wholeFileBytes: 65_536 };
  let takenBytes = 0;
  const samples: { taken: number; rss: number; ahead: number }[] = [];
  let carrying = true;
  const sampling = (async () => {
    for (; carrying; await pause(50)) {
      const sent = Number(await (await fetch(`${url}/sent`)).text());
      samples.push({ taken: takenBytes, rss: process.memoryUsage().rss, ahead: sent - takenBytes });
    }
  })();
  const onLine = (line: string) => {
    takenBytes += line.length + 32;
  };
  const { end } = await carry(cluster, pod, { limits, sinkMs: 2, keep: false, onLine });
  carrying = false;
  await sampling;
  expect(end).toEqual({ kind: "marked", exitCode: 0 });
  expect(takenBytes).toBeGreaterThan(totalBytes * 0.98);
  const [early, late] = [
    samples.filter(({ taken }) => taken < totalBytes / 3),
    samples.filter(({ taken }) => taken > totalBytes / 3),
  ];
  const rss = (some: typeof samples) => Math.max(...some.map((each) => each.rss)) / mebi;
  const ahead = Math.max(...samples.map((each) => each.ahead)) / mebi;
  process.stdout.write(
    `rss ${rss(early).toFixed(0)} MiB at a third, ${rss(late).toFixed(0)} later; ${ahead.toFixed(1)} ahead\n`,
  );
  expect(rss(late) - rss(early)).toBeLessThan(48);
  // What the kernel's socket buffers and the server's own queue hold.
  expect(ahead).toBeLessThan(24);
});
