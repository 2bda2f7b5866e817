import type { IncomingMessage, ServerResponse } from "node:http";
import type { FaultAction, FaultRules } from "../faults/fault-rules.ts";
import { answerLog, type LogDependencies } from "./api-log.ts";
import { answerObjects } from "./api-resources.ts";
import type { Handler } from "./api-server.ts";
import { type Reply, readBody, replyOf, sendReply } from "./http-exchange.ts";
import type { Identities } from "./identities.ts";
import { readSelector, readWatchStart, type WatchDependencies, watchObjects } from "./list-watch.ts";
import { type Access, decideAccess, policyFor, refusalText, type User } from "./rbac.ts";
import { type RequestInfo, readRequestInfo } from "./request-info.ts";
import { forbidden, noSuchResource, StatusError, unauthorized } from "./status-error.ts";

/** One authorised request, and the role and rule that allowed it. */
export interface Call extends Access {
  user: string;
  role: string;
  rule: number;
}

export interface HandlerParts extends LogDependencies, WatchDependencies {
  identities: Identities;
  rules: FaultRules;
  onRequest(info: RequestInfo): void;
  onCall(call: Call): void;
}

export function createHandler(parts: HandlerParts): Handler {
  return async (request, response) => {
    const info = readRequestInfo(request.method ?? "GET", request.url ?? "/");
    parts.onRequest(info);
    const actions = parts.rules.take(info);
    if (await strike(parts, { actions, request, response })) return;
    const losesAnswer = actions.some(({ kind }) => kind === "lose-answer");
    const logBody = actions.find((action) => action.kind === "log-body");
    const reply = await answer(parts, { info, request, response, logText: logBody?.text }).catch(replyOf);
    if (losesAnswer) response.destroy();
    else if (reply && !response.headersSent) sendReply(response, reply);
    else if (reply) response.end();
  };
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

/** Carries out what was ordered for this request; true when nothing more is to be done with it. */
async function strike(
  { timers }: HandlerParts,
  { actions, request, response }: Exchange & { actions: readonly FaultAction[] },
): Promise<boolean> {
  for (const action of actions) {
    if (action.kind === "delay") await timers.sleep(action.ms);
    if (action.kind === "hang") return true;
    if (action.kind === "reset") {
      response.destroy();
      return true;
    }
    if (action.kind === "answer") {
      request.resume();
      const { status, headers = {}, body } = action;
      sendReply(response, {
        status,
        headers,
        body: body ?? new StatusError(status, `answered on command with ${status}`).toBody(),
      });
      return true;
    }
  }
  return false;
}

/** Undefined: the answer was streamed. */
async function answer(
  parts: HandlerParts,
  { info, request, response, logText }: Exchange & { info: RequestInfo; logText: string | undefined },
): Promise<Reply | undefined> {
  const user = parts.identities.userOf(/^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1]);
  if (!user) {
    request.resume();
    throw unauthorized();
  }
  if (!info.isResource) return answerPath(info);
  authorize(parts, user, info);
  const { type } = info;
  if (!type && !info.knownGroup) return { status: 404, body: "404 page not found\n" };
  if (!type || (info.subresource && !type.subresources.includes(info.subresource))) throw noSuchResource();
  if (info.verb === "watch") {
    const selector = readSelector(info, type);
    readWatchStart(info);
    response.writeHead(200, { "cache-control": "no-cache, private", "content-type": "application/json" });
    response.flushHeaders();
    watchObjects(parts, { type, selector, stream: parts.streams.open("watch", info, response) });
    return undefined;
  }
  if (info.subresource === "log") {
    if (logText !== undefined) return { status: 200, body: logText, headers: { "content-type": "text/plain" } };
    await answerLog(parts, info, response);
    return undefined;
  }
  const body = await readBody(request);
  return answerObjects({
    store: parts.store,
    identities: parts.identities,
    user,
    info,
    type,
    headers: request.headers,
    body,
  });
}

function authorize({ store, onCall }: HandlerParts, user: User, info: RequestInfo): void {
  const { verb, group, resource, subresource, namespace, name } = info;
  const access = { verb, group, resource, subresource, namespace, name };
  const grant = decideAccess(user, access, policyFor(store, namespace));
  if (!grant) {
    // The message names the object only where the path did.
    const named = verb === "list" || verb === "watch" || verb === "create" ? "" : name;
    const shown = info.subresource ? name : named;
    throw forbidden({ group, plural: resource }, shown, refusalText(user, access));
  }
  onCall({ ...access, user: user.name, role: grant.role, rule: grant.rule });
}

const version = {
  major: "1",
  minor: "34",
  gitVersion: "v1.34.4",
  gitTreeState: "clean",
  platform: "linux/amd64",
};

function answerPath({ path }: RequestInfo): Reply {
  if (path === "/version" || path === "/version/") return { status: 200, body: version };
  if (["/readyz", "/livez", "/healthz"].includes(path)) return { status: 200, body: "ok" };
  return { status: 404, body: "404 page not found\n" };
}
