import type { ServerResponse } from "node:http";
import type { Kubelet } from "../kubelet/kubelet.ts";
import { type KubeletContext, nodeName } from "../kubelet/kubelet-context.ts";
import { streamLog } from "../kubelet/log-stream.ts";
import { readLogContainer, readLogQuery, requireLog } from "./log-request.ts";
import type { PodObject } from "./objects.ts";
import type { OpenStreams } from "./open-streams.ts";
import type { RequestInfo } from "./request-info.ts";
import { isTrue } from "./request-info.ts";
import { resourceNamed } from "./resource-table.ts";
import { notFound, StatusError } from "./status-error.ts";

export interface LogDependencies {
  context: KubeletContext;
  kubelet: Kubelet;
  streams: OpenStreams;
}

/** Answers pods/log: what the API server checks, then what kubelet sends. */
export async function answerLog(
  { context, kubelet, streams }: LogDependencies,
  info: RequestInfo,
  response: ServerResponse,
): Promise<void> {
  const pod = context.store.get("pods", { namespace: info.namespace, name: info.name });
  if (!pod) throw notFound(resourceNamed("pods"), info.name);
  const query = readLogQuery(pod.metadata.name, info.query, context.clock.nowNs());
  const container = readLogContainer(pod, info.query.get("container"));
  if (!pod.spec.nodeName) {
    response.writeHead(204).end();
    return;
  }
  if (context.state.isLost) throw nodeUnreachable(pod, container);
  requireLog(pod, container, isTrue(info.query.get("previous") ?? "false"));
  response.writeHead(200, { "cache-control": "no-cache, private", "content-type": "text/plain" });
  response.flushHeaders();
  const stream = streams.open("log", info, response);
  const log = kubelet.logOf(pod.metadata.uid, container);
  if (log) await streamLog(log, query, stream);
  if (!stream.signal.aborted) stream.end();
}

function nodeUnreachable(pod: PodObject, container: string): StatusError {
  const url = `https://127.0.0.1:10250/containerLogs/${pod.metadata.namespace}/${pod.metadata.name}/${container}`;
  const why = `Get "${url}": dial tcp 127.0.0.1:10250: connect: no route to host (node ${nodeName})`;
  return new StatusError(500, why);
}
