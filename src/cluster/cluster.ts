import type {
  CoreV1Event,
  V1Job,
  V1Namespace,
  V1PersistentVolumeClaim,
  V1Pod,
  V1Secret,
  V1SelfSubjectAccessReview,
} from "@kubernetes/client-node";
import type { ApiError } from "./api-error.ts";

/** The JSON form of a client-node model: what the API really sends, with times as RFC 3339 strings. */
export type Serialized<T> = T extends Date ? string : T extends object ? { [K in keyof T]: Serialized<T[K]> } : T;

export type Job = Serialized<V1Job>;
export type Pod = Serialized<V1Pod>;
export type Secret = Serialized<V1Secret>;
export type Claim = Serialized<V1PersistentVolumeClaim>;
export type Namespace = Serialized<V1Namespace>;
export type ClusterEvent = Serialized<CoreV1Event>;
export type AccessReview = Serialized<V1SelfSubjectAccessReview>;

/** Every resource this program speaks of, by its plural name in the API. */
export interface Resources {
  jobs: Job;
  pods: Pod;
  secrets: Secret;
  persistentvolumeclaims: Claim;
  namespaces: Namespace;
  events: ClusterEvent;
  selfsubjectaccessreviews: AccessReview;
}

export type Resource = keyof Resources;

/** A namespaced object. For `namespaces` itself the namespace is ignored. */
export interface Ref {
  namespace: string;
  name: string;
}

/** Each request has a signal; its bound in time is the connection's own unless given here. */
export interface RequestOptions {
  signal: AbortSignal;
  timeoutMs?: number;
}

export interface ListOptions extends RequestOptions {
  labelSelector?: string;
  fieldSelector?: string;
}

export interface Listed<T> {
  items: T[];
  resourceVersion: string;
}

export type WatchEvent<T> =
  | { type: "ADDED" | "MODIFIED" | "DELETED"; object: T }
  | { type: "BOOKMARK"; resourceVersion: string };

export interface LogRequest {
  pod: Ref;
  container: string;
  follow: boolean;
  /** RFC 3339; the API server cuts it to whole seconds (API: pods/log, seen with 1.34). */
  sinceTime?: string;
  signal: AbortSignal;
}

/**
 * The answer to a log request: the log with timestamps, whose body must be read or cancelled, or why there is none.
 * A refusal of kind "invalid" is a container that has not started: 400 in kubelet's words, 204 while the pod has no node.
 */
export type LogResponse = { body: AsyncIterable<Uint8Array> } | { refused: ApiError };

/**
 * The one way to the Kubernetes API.
 *
 * Every method throws `ApiError` for what the server or the network refuses, and rejects with the signal's reason when
 * it is aborted. A missing object is `undefined` or `false`, not an error.
 */
export interface Cluster {
  /** The API server's address, for messages. */
  readonly server: string;
  /** The namespace that the kubeconfig's context or the service account names. */
  readonly namespace: string | undefined;
  create<R extends Resource>(
    resource: R,
    object: Resources[R],
    options: RequestOptions & { dryRun?: boolean },
  ): Promise<Resources[R]>;
  read<R extends Resource>(resource: R, ref: Ref, options: RequestOptions): Promise<Resources[R] | undefined>;
  list<R extends Resource>(resource: R, namespace: string, options: ListOptions): Promise<Listed<Resources[R]>>;
  /** A JSON merge patch (RFC 7386). */
  patch<R extends Resource>(
    resource: R,
    ref: Ref,
    options: RequestOptions & { patch: object },
  ): Promise<Resources[R] | undefined>;
  /** Background propagation. `uid`: only if it is still that object. Returns false when it was not there. */
  delete(
    resource: Resource,
    ref: Ref,
    options: RequestOptions & { uid?: string; gracePeriodSeconds?: number },
  ): Promise<boolean>;
  /** Ends when the server ends the watch; throws `ApiError` kind "gone" when the resourceVersion is too old. */
  watch<R extends Resource>(
    resource: R,
    namespace: string,
    options: { labelSelector?: string; resourceVersion: string; signal: AbortSignal },
  ): AsyncIterable<WatchEvent<Resources[R]>>;
  /** Resolves when the headers are here, for a refusal when it is read. Throws `ApiError` only for the network. */
  openLog(request: LogRequest): Promise<LogResponse>;
  close(): Promise<void>;
}
