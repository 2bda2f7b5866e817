import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startApiServer } from "./api-server/api-server.ts";
import { applyObjects } from "./api-server/apply.ts";
import { createIdentities, type Identities } from "./api-server/identities.ts";
import type { Draft, KubeObject, ObjectOf, ObjectRef } from "./api-server/objects.ts";
import { createOpenStreams } from "./api-server/open-streams.ts";
import { type Call, createHandler } from "./api-server/request-handler.ts";
import { createStore, type Store } from "./api-server/store.ts";
import { type ClaimBinder, startClaimBinder } from "./controllers/claim-binder.ts";
import { createEventRecorder } from "./controllers/event-recorder.ts";
import { startGarbageCollector } from "./controllers/garbage-collector.ts";
import { startJobController } from "./controllers/job-controller.ts";
import { startNamespaceController } from "./controllers/namespace-controller.ts";
import { startScheduler } from "./controllers/scheduler.ts";
import { createCredentialFiles } from "./credential-files.ts";
import { createFaultRules } from "./faults/fault-rules.ts";
import { createEventDrops, createFaults, type Faults } from "./faults/faults.ts";
import type { Images } from "./kubelet/images.ts";
import { startKubelet } from "./kubelet/kubelet.ts";
import type { KubeletContext } from "./kubelet/kubelet-context.ts";
import { createNodeClock } from "./kubelet/node-clock.ts";
import { createReaper } from "./kubelet/process-tree.ts";
import { createNamespace, seedCluster } from "./seed.ts";
import { createTimers, type Timers } from "./timers.ts";

export interface EmbeddedClusterOptions {
  images: Images;
  /** Made at the start, beside `default`. */
  namespaces?: readonly string[];
  nodeLabels?: Record<string, string>;
  /** From a change on the node to its status in the API; the real kubelet takes one to two seconds. */
  statusDelayMs?: number;
  /** A container's log is rotated at this size; the real default is 10 MiB. */
  logMaxBytes?: number;
  bookmarkEveryMs?: number;
}

/** Who a kubeconfig is for: a service account, or a user by name. */
export type Identity =
  | { serviceAccount: string; namespace: string }
  | { user: string; groups?: readonly string[]; namespace?: string };

/** An API server, controllers and a node in this process. */
export interface EmbeddedCluster {
  readonly url: string;
  /** Path of a kubeconfig that may do everything. */
  readonly adminKubeconfig: string;
  /** Every authorised request with the role and rule that allowed it. */
  readonly calls: Call[];
  /** All requests so far, also refused and unanswered ones. */
  readonly requests: number;
  readonly connections: { readonly open: number; readonly total: number; readonly most: number };
  readonly faults: Faults;
  /** The objects themselves, for what reaches them without HTTP. */
  readonly store: Store;
  /** May be added to while the cluster runs. */
  readonly images: Images;
  /** `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`, as pods have them. */
  readonly serviceEnv: Record<string, string>;
  kubeconfigFor(identity: Identity): string;
  serviceAccountDir(account: { serviceAccount: string; namespace: string }): string;
  /** Refuses the token of the account from now on. With `renew` its files get a new one, as a rotation would. */
  expireToken(account: { serviceAccount: string; namespace: string; renew?: boolean }): void;
  apply(source: string | Draft | readonly Draft[], namespace?: string): Promise<KubeObject[]>;
  object<R extends string>(resource: R, ref: ObjectRef): ObjectOf<R> | undefined;
  objects<R extends string>(resource: R, namespace?: string): ObjectOf<R>[];
  /** The folder behind a claim. */
  volumePath(claim: string, namespace?: string): string;
  /** Ends all processes, connections and timers and removes all files. */
  stop(): Promise<void>;
}

export async function startEmbeddedCluster(options: EmbeddedClusterOptions): Promise<EmbeddedCluster> {
  const root = await mkdtemp(join(tmpdir(), "embedded-cluster-"));
  const core = createCore(options, root);
  const { store, timers, context, identities } = core;
  const stops = startControllers(core);
  const kubelet = startKubelet(context);
  seedCluster(store, { namespaces: options.namespaces ?? [], nodeLabels: options.nodeLabels ?? {} });

  const rules = createFaultRules();
  const drops = createEventDrops();
  const streams = createOpenStreams();
  const calls: Call[] = [];
  let requests = 0;
  const server = await startApiServer(
    createHandler({
      context,
      kubelet,
      streams,
      store,
      timers,
      identities,
      rules,
      bookmarkEveryMs: options.bookmarkEveryMs ?? 60_000,
      isDropped: drops.isDropped,
      onRequest: () => {
        requests += 1;
      },
      onCall: (call) => calls.push(call),
    }),
  );
  core.port = server.port;
  const url = `http://127.0.0.1:${server.port}`;
  return {
    ...accessTo(core, url),
    ...viewOf(core),
    url,
    calls,
    store,
    images: options.images,
    connections: server.connections,
    faults: createFaults({ server, rules, streams, drops, context, kubelet }),
    get requests() {
      return requests;
    },
    stop: once(async () => {
      await kubelet.stop();
      for (const stop of stops) stop();
      timers.stop();
      await server.down();
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    }),
  };
}

interface Core {
  root: string;
  store: Store;
  timers: Timers;
  context: KubeletContext;
  identities: Identities;
  claims: ClaimBinder;
  /** Known once the server listens. */
  port: number;
}

function createCore(options: EmbeddedClusterOptions, root: string): Core {
  const store = createStore();
  const timers = createTimers();
  const events = createEventRecorder(store);
  const identities = createIdentities();
  const claims = startClaimBinder({ store, timers, events, root });
  const core: Core = {
    root,
    store,
    timers,
    identities,
    claims,
    port: 0,
    context: {
      store,
      timers,
      clock: createNodeClock(),
      events,
      reaper: createReaper(),
      images: options.images,
      root,
      logLimits: { maxBytes: options.logMaxBytes ?? 10 * 1024 * 1024, maxFiles: 5 },
      state: { statusDelayMs: options.statusDelayMs ?? 20, isLost: false },
      podRefusal: { words: undefined },
      claimFolder: claims.folder,
      tokenFor: identities.tokenFor,
      serviceEnv: () => serviceEnv(core.port),
    },
  };
  return core;
}

function serviceEnv(port: number): Record<string, string> {
  return { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: String(port) };
}

function startControllers({ store, timers, context, claims }: Core): (() => void)[] {
  const { events, podRefusal } = context;
  return [
    startNamespaceController({ store, timers }),
    startGarbageCollector({ store, timers }),
    startScheduler({ store, timers, events }),
    startJobController({ store, timers, events, podRefusal }),
    claims.stop,
  ];
}

type Access = Pick<
  EmbeddedCluster,
  "adminKubeconfig" | "kubeconfigFor" | "serviceAccountDir" | "expireToken" | "serviceEnv"
>;

function accessTo({ root, store, identities, port }: Core, url: string): Access {
  const files = createCredentialFiles(root, url);
  const written = new Set<string>();

  function tokenOf({ serviceAccount, namespace }: { serviceAccount: string; namespace: string }): string {
    createNamespace(store, namespace);
    if (!store.get("serviceaccounts", { namespace, name: serviceAccount })) {
      store.create("serviceaccounts", {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: serviceAccount, namespace },
      });
    }
    return identities.tokenFor(namespace, serviceAccount);
  }
  const kubeconfigFor = (identity: Identity) => {
    if ("user" in identity) {
      return files.kubeconfig(
        `user-${identity.user}`,
        identities.tokenForUser(identity.user, identity.groups),
        identity.namespace,
      );
    }
    const name = `${identity.namespace}-${identity.serviceAccount}`;
    written.add(`config ${name}`);
    return files.kubeconfig(name, tokenOf(identity), identity.namespace);
  };
  const serviceAccountDir = (account: { serviceAccount: string; namespace: string }) => {
    const name = `${account.namespace}-${account.serviceAccount}`;
    written.add(`folder ${name}`);
    return files.serviceAccountDir(name, tokenOf(account), account.namespace);
  };
  return {
    adminKubeconfig: files.kubeconfig("admin", identities.adminToken),
    serviceEnv: serviceEnv(port),
    kubeconfigFor,
    serviceAccountDir,
    expireToken({ serviceAccount, namespace, renew = false }) {
      identities.expire(identities.tokenFor(namespace, serviceAccount));
      const name = `${namespace}-${serviceAccount}`;
      if (renew && written.has(`config ${name}`)) kubeconfigFor({ serviceAccount, namespace });
      if (renew && written.has(`folder ${name}`)) serviceAccountDir({ serviceAccount, namespace });
    },
  };
}

function viewOf({ store, claims }: Core): Pick<EmbeddedCluster, "apply" | "object" | "objects" | "volumePath"> {
  return {
    // Asynchronous, so that a caller reads it like any other client's call.
    apply: async (source, namespace = "default") => applyObjects(store, source, namespace),
    object: (resource, ref) => store.get(resource, ref),
    objects: (resource, namespace) => store.list(resource, namespace),
    volumePath: (claim, namespace = "default") => claims.folder(namespace, claim),
  };
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= action();
    return done;
  };
}
