import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { Job, Pod } from "../../src/cluster/cluster.ts";
import { requestJson } from "../../src/cluster/json-request.ts";
import { createTransport } from "../../src/cluster/transport.ts";
import type { Adapter } from "../../src/index.ts";
import { madeFor, type Wake, type Woken, type World, wake } from "../world/world.ts";
import { checkRow } from "./played-row.ts";
import { judge, numbersOf } from "./table.ts";

/** The folder of the stand-in for OpenCode that the embedded cluster's agent image has on its path. */
export const standInFolder = fileURLToPath(new URL("./agent", import.meta.url));

/** The stand-in's image on the real cluster. */
export const chatterImage = "docker.io/local/chatter:1";

const signal = new AbortController().signal;

/** How the stand-in behaves; see agent/opencode. */
export interface Chatter {
  lines?: number;
  rate?: number;
  silence?: number;
  exit?: number;
  term?: "ignore";
  err?: number;
  /** Of the embedded stand-in only. */
  say?: string;
  event?: string;
  mute?: boolean;
  kill?: boolean;
  /** Bytes that each line carries; on the real cluster also what the program allocates. */
  size?: number;
}

function environmentOf(chatter: Chatter): Record<string, string> {
  const entries = Object.entries(chatter).filter(([, value]) => value !== undefined && value !== false);
  return Object.fromEntries(
    entries.map(([name, value]) => [`CH_${name.toUpperCase()}`, value === true ? "1" : String(value)]),
  );
}

export type Given = Omit<Wake, "agentId" | "signal"> & { chatter?: Chatter };

/** Talks until it is stopped. */
export const endless: Chatter = { lines: 100_000, rate: 40 };

/** A run on its way. */
export interface LiveRun {
  readonly agentId: string;
  readonly done: Promise<Woken>;
  readonly text: string;
  cancel(): void;
  /** When `cancel` was called. */
  readonly cancelledAtMs: number;
  /** Resolves when the run's log has this text; rejects when the run ends before. */
  saw(text: string): Promise<void>;
  pods(): Promise<Pod[]>;
  jobs(): Promise<Job[]>;
  /** The run's pod, in its namespace, when there is one. */
  pod(): Promise<{ namespace: string; name: string }>;
  job(): Promise<{ namespace: string; name: string }>;
}

export function startRun(
  world: World,
  adapter: Adapter,
  { agentId, chatter = {}, ...given }: Given & { agentId: string },
): LiveRun {
  const cancelling = new AbortController();
  let text = "";
  let cancelledAtMs = 0;
  const waiters = new Set<() => void>();
  const done = wake(world, adapter, {
    ...given,
    agentId,
    signal: cancelling.signal,
    config: chatterConfig(world, chatter, given.config),
    onLog: async (stream, chunk) => {
      text += chunk;
      for (const look of waiters) look();
      await given.onLog?.(stream, chunk);
    },
  });
  done.catch(() => undefined);
  const labelSelector = `paperclip.io/agent-id=${agentId}`;
  const listed = async <R extends "pods" | "jobs">(resource: R) =>
    (await world.admin.list(resource, world.namespace, { labelSelector, signal })).items;
  const first = async (resource: "pods" | "jobs") => {
    for (;;) {
      const [object] = await listed(resource);
      if (object) return { namespace: world.namespace, name: object.metadata?.name ?? "" };
      await pause(20);
    }
  };
  return {
    agentId,
    done,
    get text() {
      return text;
    },
    get cancelledAtMs() {
      return cancelledAtMs;
    },
    cancel: () => {
      cancelledAtMs = Date.now();
      cancelling.abort(new Error("stopped by the user"));
    },
    saw: (wanted) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!text.includes(wanted)) return;
          waiters.delete(look);
          resolve();
        };
        waiters.add(look);
        look();
        done.then(
          ({ result }) => reject(new Error(`ended before "${wanted}": ${result.errorMessage}\n${text}`)),
          reject,
        );
      }),
    pods: () => listed("pods"),
    jobs: () => listed("jobs"),
    pod: () => first("pods"),
    job: () => first("jobs"),
  };
}

/** An agent's settings with which the stand-in behaves as told. */
export function chatterConfig(world: World, chatter: Chatter, config: Given["config"] = {}): Record<string, unknown> {
  const { env, ...rest } = config;
  return {
    graceSec: 2,
    ...(world.kind === "real" ? { image: chatterImage, imagePullPolicy: "IfNotPresent" } : {}),
    env: { ...environmentOf(chatter), ...(env as object | undefined) },
    ...rest,
  };
}

export interface Expected {
  /** The section of docs/endings.md; without it the ending is not on that page. */
  group?: string;
  fault: string;
  /** Of a success: "". */
  code: string;
  says?: string | RegExp;
  /** How many numbers the log must have; without it as many as there are, each once. */
  numbers?: number;
  /** Numbers may be missing: which, in the table's words. */
  mayLose?: string;
  /** What of the message differs from run to run. */
  varies?: RegExp;
  /** How long the cluster may take to remove what its Job owned, in place of 10 s. */
  goneWithinMs?: number;
}

/** The end of a run as the user sees it, held to what is expected and to its row on the page. */
export async function expectEnd(
  world: World,
  run: Pick<LiveRun, "agentId" | "done">,
  expected: Expected,
): Promise<Woken> {
  const woken = await run.done;
  const { result } = woken;
  const verdict = judge(numbersOf(woken));
  const left = await leftOf(world, run.agentId, expected.goneWithinMs);
  expect({ code: result.errorCode ?? "", message: result.errorMessage }).toMatchObject({ code: expected.code });
  if (expected.code === "") expect(result).toMatchObject({ exitCode: 0, errorMessage: null, timedOut: false });
  else {
    expect(result.errorMessage).toBeTruthy();
    expect(result.exitCode).not.toBe(0);
  }
  if (expected.says) expect(result.errorMessage).toMatch(expected.says);
  expect(verdict).toMatchObject({ repeated: 0, ordered: true, ...(expected.mayLose ? {} : { lost: 0 }) });
  if (expected.numbers !== undefined) expect(numbersOf(woken)).toHaveLength(expected.numbers);
  expect(left).toEqual([]);
  if (expected.group === undefined) return woken;
  const message = result.errorMessage ?? "";
  checkRow({
    group: expected.group,
    fault: expected.fault,
    world: world.kind,
    code: result.errorCode ?? "success",
    message: expected.varies ? message.replace(expected.varies, "…") : message,
    lost: expected.mayLose ?? "0",
    repeated: String(verdict.repeated),
    left: "nothing",
  });
  return woken;
}

/** What is there of an agent once cleaning up had its time. */
export async function leftOf(world: World, agentId: string, withinMs = 10_000): Promise<string[]> {
  const untilMs = Date.now() + withinMs;
  for (;;) {
    const left = (await madeFor(world, agentId)).filter((name) => !name.startsWith("persistentvolumeclaims/"));
    if (left.length === 0 || Date.now() > untilMs) return left;
    await pause(50);
  }
}

/** A cancelled run is acknowledged within its grace period and five seconds, and never a success. */
export function expectCancelled(run: LiveRun, { result }: Woken, graceSec = 2): void {
  expect(Date.now() - run.cancelledAtMs).toBeLessThan((graceSec + 5) * 1000);
  expect(result.errorCode).toBe("cancelled");
  expect(result.exitCode).toBeNull();
  expect(result.resultJson).toMatchObject({ executionCancellation: { state: "acknowledged" } });
}

/** A call as the administrator, for what the adapter's own port does not speak of. */
export async function asAdmin(
  world: World,
  call: { method: "POST" | "DELETE" | "PATCH"; path: string; body?: object; contentType?: string },
): Promise<void> {
  const transport = await createTransport({
    kubeconfig: await world.kubeconfig("admin"),
    env: {},
    serviceAccountDir: "/nowhere",
  });
  try {
    await requestJson(transport, { ...call, signal });
  } finally {
    await transport.close();
  }
}

export function evictByApi(world: World, pod: { namespace: string; name: string }): Promise<void> {
  const path = `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/eviction`;
  return asAdmin(world, { method: "POST", path, body: { apiVersion: "policy/v1", kind: "Eviction", metadata: pod } });
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const readyMs = 120_000;

/** A real claim takes seconds to be bound; until then no pod starts. */
export async function untilReady({ admin, namespace }: World): Promise<void> {
  const ref = { namespace, name: "paperclip-0" };
  for (const untilMs = Date.now() + readyMs; ; await pause(200)) {
    const status = (await admin.read("pods", ref, { signal }))?.status;
    if (status?.phase === "Running") return;
    if (Date.now() > untilMs) throw new Error(`the host's pod does not start: ${JSON.stringify(status)}`);
  }
}
