import { hostname } from "node:os";
import type { ServerAdapterModule } from "@paperclipai/adapter-utils";
import type { Cluster } from "./cluster/cluster.ts";
import { connectCluster } from "./cluster/connect.ts";
import { buildAgentConfigurationDoc } from "./config/documentation.ts";
import { buildForm } from "./config/form.ts";
import { createPolicyReader } from "./config/policy-reader.ts";
import { createAgentQueue } from "./guard/agent-queue.ts";
import { createSuspendedJobCleanup } from "./guard/suspended-job-cleanup.ts";
import { createPreflight } from "./health/preflight/preflight.ts";
import { testEnvironment } from "./health/test-environment.ts";
import { createHostReader } from "./host/read-host.ts";
import { adapterType, ownSelector } from "./job/names.ts";
import { path } from "./job/paths.ts";
import { messageOf } from "./lib/message.ts";
import { serviceAccountDir as defaultServiceAccountDir } from "./lib/well-known-paths.ts";
import { detectModel } from "./models/detect-model.ts";
import { fallbackModels } from "./models/fallback-models.ts";
import { createModelCatalogue } from "./models/model-catalogue.ts";
import { sessionCodec } from "./opencode/session.ts";
import { createPodWatcher, type PodWatcher } from "./pod/pod-watcher.ts";
import type { Deps } from "./run/deps.ts";
import { execute } from "./run/execute.ts";
import { defaultLimits, type RunLimits } from "./run/limits.ts";
import { listSkills, syncSkills } from "./skills/sync-skills.ts";

/** What the adapter takes from the process it runs in. Tests and the demo give their own. */
export interface AdapterOptions {
  env?: Readonly<Record<string, string | undefined>>;
  /** The folder that Kubernetes mounts into every pod with token, ca.crt and namespace. */
  serviceAccountDir?: string;
  /** Where this process has the shared volume; default /paperclip. */
  sharedDir?: string;
  limits?: Partial<RunLimits>;
  /** Told when work that no result waits for has failed. */
  warn?: (message: string) => void;
}

export interface Adapter extends ServerAdapterModule {
  /** Resolves when nothing runs in the background and all connections are closed. Paperclip never asks; tests do. */
  close(): Promise<void>;
}

/** Makes the adapter: everything that lives longer than a run lives in here. */
export function createAdapter(options: AdapterOptions = {}): Adapter {
  const { deps, warn, close } = createDeps(options);
  const models = createModelCatalogue({ env: deps.env, warn });
  return {
    type: adapterType,
    execute: (context) => execute(context, deps),
    testEnvironment: (context) => testEnvironment(context, { ...deps, preflight: createPreflight(deps) }),
    models: [...fallbackModels],
    listModels: () => models.listModels(),
    refreshModels: () => models.refreshModels(),
    detectModel: () => detectModel(deps.env),
    listSkills,
    syncSkills,
    sessionCodec,
    supportsLocalAgentJwt: true,
    runtimeToolDelivery: "environment",
    agentConfigurationDoc: buildAgentConfigurationDoc(),
    getConfigSchema: () => buildForm(),
    supportsInstructionsBundle: true,
    instructionsPathKey: "instructionsFilePath",
    requiresMaterializedRuntimeSkills: true,
    close,
  };
}

interface Made {
  deps: Deps;
  warn: (message: string) => void;
  close: () => Promise<void>;
}

function createDeps(options: AdapterOptions): Made {
  const env = options.env ?? process.env;
  const serviceAccountDir = options.serviceAccountDir ?? defaultServiceAccountDir;
  const warn = options.warn ?? ((message: string) => process.emitWarning(`opencode_k8s: ${message}`));
  const clusters = keep((kubeconfig: string | undefined) => connectCluster({ kubeconfig, env, serviceAccountDir }));
  const boards = new Map<Cluster, Map<string, PodWatcher>>();
  const working = new Set<Promise<void>>();
  const limits = { ...defaultLimits, ...options.limits };
  const deps: Deps = {
    connect: clusters.get,
    readHost: createHostReader({ env, serviceAccountDir }),
    readPolicy: createPolicyReader(env),
    podWatcher(cluster, namespace) {
      const ofCluster = boards.get(cluster) ?? new Map<string, PodWatcher>();
      boards.set(cluster, ofCluster);
      const watcher = ofCluster.get(namespace) ?? createPodWatcher(cluster, { namespace, labelSelector: ownSelector });
      ofCluster.set(namespace, watcher);
      return watcher;
    },
    agentQueue: createAgentQueue(),
    suspendedJobs: createSuspendedJobCleanup({
      everyMs: limits.sweepEveryMs,
      suspendedForeignMs: limits.suspendedForeignMs,
    }),
    reportedUids: createMemory(1_000),
    env,
    sharedDir: options.sharedDir ?? path.shared,
    processName: `${env["HOSTNAME"] ?? hostname()}/${process.pid}`,
    limits,
    warn,
    background(what, work) {
      const done = work.then(
        () => undefined,
        (error: unknown) => warn(`could not ${what}: ${messageOf(error)}`),
      );
      working.add(done);
      void done.finally(() => working.delete(done));
    },
  };
  const close = async () => {
    await Promise.all(working);
    await Promise.all((await clusters.all()).map((cluster) => cluster.close()));
  };
  return { deps, warn, close };
}

/** Makes one value per key and keeps it, unless making it failed. */
function keep<K, V>(make: (key: K) => Promise<V>) {
  const made = new Map<K, Promise<V>>();
  return {
    get(key: K): Promise<V> {
      const known = made.get(key);
      if (known !== undefined) return known;
      const making = make(key);
      made.set(key, making);
      making.catch(() => made.delete(key));
      return making;
    },
    all: () => Promise.all(made.values()),
  };
}

/** The last `size` entries. */
function createMemory(size: number) {
  const entries = new Set<string>();
  return {
    has: (entry: string) => entries.has(entry),
    add(entry: string) {
      entries.add(entry);
      const [oldest] = entries;
      if (entries.size > size && oldest !== undefined) entries.delete(oldest);
    },
  };
}
