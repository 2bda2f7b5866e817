import type { AdapterExecutionContext, AdapterExecutionResult } from "@paperclipai/adapter-utils";
import type { Cluster } from "../../src/cluster/cluster.ts";
import type { Adapter, AdapterOptions } from "../../src/index.ts";

/**
 * A place where the adapter runs as it would in Paperclip's own pod: a namespace that enforces Pod Security
 * "restricted", the service account and the Role of `examples/`, a pod to inherit from, a shared volume, real OpenCode.
 * The same stories are played in every world.
 */
export interface World {
  kind: "embedded" | "real";
  namespace: string;
  /** The cluster as its administrator sees it. */
  admin: Cluster;
  /** Where agents reach a server of this process. */
  hostAddress: string;
  agentImage: string;
  /** The folder behind the volume that agents have at /paperclip. */
  sharedFolder: string;
  /** A kubeconfig with the rights of the service account named: "paperclip" has the documented Role, "admin" is the administrator. */
  kubeconfig(serviceAccount: string): Promise<string>;
  /** The adapter as it runs in Paperclip's pod. */
  adapter(options?: AdapterOptions): Adapter;
  /** Removes the agent's claims and all that a story left. */
  stop(): Promise<void>;
}

export interface Wake {
  config?: Record<string, unknown>;
  context?: Record<string, unknown>;
  session?: Record<string, unknown> | null;
  agentId?: string;
  runId?: string;
  signal?: AbortSignal;
  onLog?: AdapterExecutionContext["onLog"];
  onMeta?: AdapterExecutionContext["onMeta"];
}

export interface Woken {
  result: AdapterExecutionResult;
  runId: string;
  /** Whole lines, in the order they came. */
  stdout: string[];
  stderr: string[];
  /** The adapter's own lines. */
  said: string[];
  meta: { prompt?: string | undefined; env?: Record<string, string> | undefined; commandArgs?: string[] | undefined }[];
}

let wakes = 0;

/** Calls `execute` as Paperclip's server does. */
export async function wake(world: World, adapter: Adapter, given: Wake = {}): Promise<Woken> {
  const runId = given.runId ?? `run-${process.pid}-${Date.now().toString(36)}-${++wakes}`;
  const chunks = { stdout: "", stderr: "" };
  const meta: Woken["meta"] = [];
  const result = await adapter.execute({
    runId,
    agent: {
      id: given.agentId ?? "0b9c2b1e-5d51-4b6f-9a53-4c0cfd0f1a11",
      companyId: "3f2a8f8e-7a25-4a7b-8a90-1c1d6c0f9e22",
      name: "Ann",
      adapterType: "opencode_k8s",
      adapterConfig: {},
    },
    runtime: {
      sessionId: (given.session?.["sessionId"] as string | undefined) ?? null,
      sessionParams: given.session ?? null,
      sessionDisplayId: null,
      taskKey: null,
    },
    config: {
      kubeconfig: await world.kubeconfig("paperclip"),
      model: "scripted/scripted",
      graceSec: 5,
      resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: "2", memory: "2Gi" } },
      ...given.config,
    },
    context: { issueId: "issue-1", ...given.context },
    authToken: "run-jwt-7f3a",
    onCancellationReady: async () => undefined,
    onMeta: async (told) => {
      meta.push({ prompt: told.prompt, env: told.env, commandArgs: told.commandArgs });
      await given.onMeta?.(told);
    },
    ...(given.signal ? { signal: given.signal } : {}),
    onLog: async (stream, chunk) => {
      chunks[stream] += chunk;
      await given.onLog?.(stream, chunk);
    },
  });
  const stdout = linesOf(chunks.stdout);
  return {
    result,
    runId,
    stdout: stdout.filter((line) => !line.startsWith("[paperclip]")),
    stderr: linesOf(chunks.stderr),
    said: stdout.filter((line) => line.startsWith("[paperclip]")),
    meta,
  };
}

function linesOf(text: string): string[] {
  if (text === "") return [];
  if (!text.endsWith("\n")) throw new Error(`the log does not end with a whole line: ${text.slice(-100)}`);
  return text.slice(0, -1).split("\n");
}

const signal = new AbortController().signal;

const ofRuns = "app.kubernetes.io/component=agent-job";

/** The Jobs, pods and Secrets of runs that are in the namespace now, by kind and name. */
async function objectsOfRuns({ admin, namespace }: World, labelSelector = ofRuns): Promise<string[]> {
  const kinds = ["jobs", "pods", "secrets"] as const;
  const lists = await Promise.all(kinds.map((kind) => admin.list(kind, namespace, { signal, labelSelector })));
  return lists.flatMap(({ items }, index) => items.map(({ metadata }) => `${kinds[index]}/${metadata?.name}`));
}

/** Everything that was made for one agent and is still there. */
export function madeFor(world: World, agentId: string): Promise<string[]> {
  return objectsOfRuns(world, `paperclip.io/agent-id=${agentId}`);
}

/** What is left of runs in the namespace; waits a little, as a run's result does not wait for cleaning up. */
export async function leftBehind(world: World, { withinMs = 15_000 } = {}): Promise<string[]> {
  const until = Date.now() + withinMs;
  for (;;) {
    const left = await objectsOfRuns(world);
    if (left.length === 0 || Date.now() > until) return left;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
