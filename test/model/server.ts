import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { type Answer, type Speech, say } from "./answer.ts";
import { chunksOf, completionOf } from "./completion.ts";
import { type ModelRequest, readModelRequest } from "./request.ts";

/** Decides from the request what to answer. Titles are answered by the server itself unless `answersTitles` is set. */
export type Script = (request: ModelRequest) => Answer | Promise<Answer>;

export interface ModelServerOptions {
  script: Script;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default: any free port. */
  port?: number;
  /** The script also gets the title requests of OpenCode. */
  answersTitles?: boolean;
  /** What `/v1/models` lists. */
  models?: readonly string[];
}

export interface ModelServer {
  /** Base URL for an OpenAI-compatible client, with `/v1`. */
  url: string;
  port: number;
  /** Every completion asked for, in order. */
  requests: ModelRequest[];
  stop(): Promise<void>;
}

/** A script of fixed answers: the first request gets the first, and so on; the last one repeats. */
export function inOrder(...answers: readonly [Answer, ...Answer[]]): Script {
  return (request) => answers[request.index] ?? answers.at(-1) ?? answers[0];
}

/** A script for one turn: the answer is picked by how many steps the turn already has, so it also fits a resumed session. */
export function bySteps(...answers: readonly [Answer, ...Answer[]]): Script {
  return (request) => answers[request.step] ?? answers.at(-1) ?? answers[0];
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString("utf8");
  return text === "" ? {} : JSON.parse(text);
}

function sendJson(response: ServerResponse, answer: { status: number; body: unknown; headers?: object }): void {
  response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
  response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body));
}

async function streamSpeech(response: ServerResponse, speech: Speech, request: ModelRequest): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  for (const chunk of chunksOf(speech, request.model, String(request.index))) {
    if (response.destroyed) return;
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    if (speech.pieceMs) await delay(speech.pieceMs);
  }
  response.end("data: [DONE]\n\n");
}

async function streamAndCut(response: ServerResponse, text: string, request: ModelRequest): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const chunks = [...chunksOf({ kind: "speech", text }, request.model, String(request.index))].slice(0, -2);
  for (const chunk of chunks) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  await delay(50); // lets the pieces leave before the connection goes
  response.destroy();
}

async function play(response: ServerResponse, answer: Answer, request: ModelRequest): Promise<void> {
  switch (answer.kind) {
    case "failure":
      return sendJson(response, answer);
    case "hang":
      return;
    case "cut":
      return streamAndCut(response, answer.text, request);
    case "speech":
      if (answer.firstMs) await delay(answer.firstMs);
      if (request.stream) return streamSpeech(response, answer, request);
      return sendJson(response, { status: 200, body: completionOf(answer, request.model, String(request.index)) });
  }
}

/** An OpenAI-compatible model whose answers come from a script. It needs no network beside its own port. */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const requests: ModelRequest[] = [];
  let answered = 0;

  async function complete(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
    const request = readModelRequest(await bodyOf(incoming), headers, answered);
    requests.push(request);
    if (request.isTitle && !options.answersTitles) return play(response, say("A scripted run"), request);
    if (!request.isTitle) answered += 1;
    await play(response, await options.script(request), request);
  }

  function listModels(response: ServerResponse): void {
    const data = (options.models ?? ["scripted"]).map((id) => ({ id, object: "model", owned_by: "test" }));
    sendJson(response, { status: 200, body: { object: "list", data } });
  }

  const server = createServer((incoming, response) => {
    const path = (incoming.url ?? "").split("?")[0];
    if (incoming.method === "POST" && path === "/v1/chat/completions") {
      complete(incoming, response).catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else sendJson(response, { status: 500, body: { error: { message: `script failed: ${String(error)}` } } });
      });
    } else if (incoming.method === "GET" && path === "/v1/models") listModels(response);
    else sendJson(response, { status: 404, body: { error: { message: `no route ${incoming.method} ${path}` } } });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://${options.host && options.host !== "0.0.0.0" ? options.host : "127.0.0.1"}:${port}/v1`,
    port,
    requests,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections(); // hung and kept connections would hold the server open
      }),
  };
}
