import { bounded } from "../lib/bounded.ts";
import { serviceAccountDir } from "../lib/well-known-paths.ts";
import { ApiError, type ApiErrorKind, isApiError } from "./api-error.ts";
import type { Cluster, LogRequest, LogResponse, Resource, Resources } from "./cluster.ts";
import type { CredentialSource } from "./credentials.ts";
import { requestJson } from "./json-request.ts";
import { pathOf, queryOf } from "./paths.ts";
import { notAList, readRefusal } from "./refusal.ts";
import { createTransport, type HttpResponse, type Transport } from "./transport.ts";
import { unreachable } from "./unreachable.ts";
import { watchCollection } from "./watch-collection.ts";

/** Bound until the headers of a log stream are here, or its refusal. */
const openLogTimeoutMs = 20_000;

/**
 * Opens the port to a cluster. Throws `ApiError`: kind "misconfigured" when there are no usable credentials,
 * "unreachable" when nobody can be signed in with them in time.
 */
export async function connectCluster(source: Partial<CredentialSource> = {}): Promise<Cluster> {
  const transport = await createTransport({
    kubeconfig: source.kubeconfig,
    env: source.env ?? process.env,
    serviceAccountDir: source.serviceAccountDir ?? serviceAccountDir,
  });
  return clusterOver(transport);
}

/** The port over a transport that is open already; closing the port closes it. */
export function clusterOver(transport: Transport): Cluster {
  return {
    ...objectCalls(transport),
    ...streamCalls(transport),
    server: transport.server,
    namespace: transport.namespace,
  };
}

function objectCalls(transport: Transport): Pick<Cluster, "create" | "read" | "list" | "patch" | "delete"> {
  return {
    async create(resource, object, { dryRun, ...options }) {
      const namespace = object.metadata?.namespace ?? "";
      const path = `${pathOf(resource, namespace)}${queryOf({ dryRun: dryRun ? "All" : undefined })}`;
      return requestJson(transport, { ...options, method: "POST", path, body: object });
    },
    read: (resource, ref, options) =>
      orMissing(
        requestJson<Resources[typeof resource]>(transport, {
          ...options,
          method: "GET",
          path: pathOf(resource, ref.namespace, ref.name),
        }),
        undefined,
      ),
    async list(resource, namespace, { labelSelector, fieldSelector, ...options }) {
      const path = `${pathOf(resource, namespace)}${queryOf({ labelSelector, fieldSelector })}`;
      const list = await requestJson<RawList<typeof resource>>(transport, { ...options, method: "GET", path });
      // Go writes an empty list as null where nobody made it an empty one.
      const items = list.items ?? [];
      if (!Array.isArray(items)) throw notAList();
      return { items, resourceVersion: list.metadata?.resourceVersion ?? "" };
    },
    patch: (resource, ref, { patch, ...options }) =>
      orMissing(
        requestJson<Resources[typeof resource]>(transport, {
          ...options,
          method: "PATCH",
          path: pathOf(resource, ref.namespace, ref.name),
          body: patch,
          contentType: "application/merge-patch+json",
        }),
        undefined,
      ),
    async delete(resource, ref, { uid, gracePeriodSeconds, ...options }) {
      const body = {
        propagationPolicy: "Background",
        ...(uid === undefined ? {} : { preconditions: { uid } }),
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      };
      const path = pathOf(resource, ref.namespace, ref.name);
      return orMissing(
        requestJson(transport, { ...options, method: "DELETE", path, body }).then(() => true),
        false,
        uid === undefined ? [] : ["conflict"],
      );
    },
  };
}

function streamCalls(transport: Transport): Pick<Cluster, "watch" | "openLog" | "close"> {
  return {
    watch: (resource, namespace, options) => watchCollection(transport, { resource, namespace, ...options }),
    openLog: (request) => openLog(transport, request),
    close: () => transport.close(),
  };
}

type RawList<R extends Resource> = { items?: Resources[R][] | null; metadata?: { resourceVersion?: string } };

/** A 404 is an answer, and for a delete by uid so is a 409: another object has the name. */
async function orMissing<T, N>(call: Promise<T>, none: N, alike: ApiErrorKind[] = []): Promise<T | N> {
  try {
    return await call;
  } catch (error) {
    if (isApiError(error, "missing", ...alike)) return none;
    throw error;
  }
}

async function openLog(
  transport: Transport,
  { pod, container, follow, sinceTime, signal }: LogRequest,
): Promise<LogResponse> {
  const query = queryOf({ container, follow, timestamps: true, sinceTime });
  const opening = bounded(signal, openLogTimeoutMs);
  // The bound does not cover the log itself, which lives as long as the caller's own signal.
  const life = new AbortController();
  const end = () => life.abort(opening.signal.reason);
  opening.signal.addEventListener("abort", end, { once: true });
  try {
    const response = await transport.send({
      method: "GET",
      path: `${pathOf("pods", pod.namespace, pod.name)}/log${query}`,
      stream: true,
      signal: life.signal,
    });
    if (response.status !== 200) return { refused: await readLogRefusal(response) };
    signal.addEventListener("abort", () => life.abort(signal.reason), { once: true });
    return { body: response.body };
  } catch (error) {
    if (signal.aborted || (isApiError(error) && !opening.timeUp())) throw error;
    throw unreachable(transport.server, error);
  } finally {
    opening.signal.removeEventListener("abort", end);
    opening.done();
  }
}

async function readLogRefusal(response: HttpResponse): Promise<ApiError> {
  const refused = await readRefusal(response);
  // Kubernetes answers 204 without a word as long as the pod is on no node (source: pods/log of 1.34).
  return response.status === 204
    ? new ApiError("the pod is on no node yet", { kind: "invalid", status: 204 })
    : refused;
}
