import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { load } from "js-yaml";
import { Agent, type Dispatcher, request } from "undici";
import type { Cluster } from "../../src/cluster/cluster.ts";

/** What a case is given: the port as an administrator, bare HTTP, and a namespace of its own. */
export interface Bench {
  cluster: Cluster;
  namespace: string;
  signal: AbortSignal;
  http: Http;
  /** Bare HTTP as a service account of the namespace, which may do nothing at first. */
  as(serviceAccount: string): Promise<Http>;
}

export interface Answer {
  status: number;
  text: string;
  /** A Status object's or any other object's fields; empty for what is no JSON. */
  json: StatusBody;
}

export interface StatusBody {
  /** Of a watch's first event, when there is no other. */
  type?: string;
  message?: string;
  reason?: string;
  code?: number;
  details?: { kind?: string; name?: string; causes?: { field?: string; reason?: string; message?: string }[] };
  metadata?: { name?: string; uid?: string; resourceVersion?: string; labels?: Record<string, string> };
  status?: unknown;
  items?: { metadata: { name: string } }[];
}

export type Http = (method: Method, path: string, options?: HttpOptions) => Promise<Answer>;

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

interface HttpOptions {
  body?: object | string;
  contentType?: string;
  token?: string;
}

export interface OpenBench extends Bench {
  close(): Promise<void>;
}

/** Connects with an administrator's kubeconfig and makes a namespace for one case. */
export async function openBench(
  kubeconfig: string,
  { timeoutMs, connect }: { timeoutMs: number; connect(kubeconfig: string): Promise<Cluster> },
): Promise<OpenBench> {
  const { server, token, ca } = readKubeconfig(kubeconfig);
  const dispatcher = new Agent(ca === undefined ? {} : { connect: { ca } });
  const http = createHttp({ server, token, dispatcher });
  const cluster = await connect(kubeconfig);
  const namespace = `contract-${randomBytes(4).toString("hex")}`;
  await http("POST", "/api/v1/namespaces", { body: { metadata: { name: namespace } } });
  await untilAccountExists(http, namespace);
  return {
    cluster,
    namespace,
    http,
    signal: AbortSignal.timeout(timeoutMs),
    async as(serviceAccount) {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
      await http("POST", path, { body: { metadata: { name: serviceAccount } } });
      const answer = await http("POST", `${path}/${serviceAccount}/token`, {
        body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 600 } },
      });
      const { token: own } = answer.json.status as { token: string };
      return createHttp({ server, token: own, dispatcher });
    },
    async close() {
      await http("DELETE", `/api/v1/namespaces/${namespace}`);
      await cluster.close();
      await dispatcher.destroy();
    },
  };
}

/** Pods are refused until the controllers have made the namespace's default account. */
async function untilAccountExists(http: Http, namespace: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { status } = await http("GET", `/api/v1/namespaces/${namespace}/serviceaccounts/default`);
    if (status === 200) return;
    await pause(50);
  }
}

function createHttp({ server, token, dispatcher }: { server: string; token: string; dispatcher: Dispatcher }): Http {
  return async (method, path, options = {}) => {
    const { body, contentType = "application/json" } = options;
    const response = await request(`${server}${path}`, {
      method,
      dispatcher,
      headers: { authorization: `Bearer ${options.token ?? token}`, "content-type": contentType },
      body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.body.text();
    return { status: response.statusCode, text, json: parseObject(text) };
  };
}

function parseObject(text: string): StatusBody {
  try {
    return JSON.parse(text) as StatusBody;
  } catch {
    return {};
  }
}

function readKubeconfig(file: string): { server: string; token: string; ca: string | undefined } {
  const config = load(readFileSync(file, "utf8")) as {
    clusters: {
      cluster: { server: string; "certificate-authority"?: string; "certificate-authority-data"?: string };
    }[];
    users: { user: { token?: string } }[];
  };
  const { cluster } = config.clusters[0] ?? { cluster: { server: "" } };
  const data = cluster["certificate-authority-data"];
  const path = cluster["certificate-authority"];
  const ca = data ? Buffer.from(data, "base64").toString() : path ? readFileSync(path, "utf8") : undefined;
  return { server: cluster.server, token: config.users[0]?.user.token ?? "", ca };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks until there is an answer. Throws what was awaited when the case's time is up. */
export async function until<T>(what: string, bench: Bench, probe: () => Promise<T | undefined>): Promise<T> {
  while (!bench.signal.aborted) {
    const found = await probe();
    if (found !== undefined) return found;
    await pause(50);
  }
  throw new Error(`never came: ${what}`);
}

/** One behaviour both servers have. */
export interface ContractCase {
  name: string;
  run(bench: Bench): Promise<void>;
}
