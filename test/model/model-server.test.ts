import { expect, onTestFinished, test } from "vitest";
import { call, cut, failures, hang, say } from "./answer.ts";
import { bySteps, inOrder, type ModelServerOptions, startModelServer } from "./server.ts";

/** What of an answer the tests look at. */
interface Body {
  choices: { finish_reason: string; message: { content: string | null; tool_calls?: object[] } }[];
  error: { code: string };
  data: { id: string }[];
}

const bodyOf = async (response: Response) => (await response.json()) as Body;

async function served(options: ModelServerOptions) {
  const server = await startModelServer(options);
  onTestFinished(() => server.stop());
  const ask = (body: object, signal?: AbortSignal) =>
    fetch(`${server.url}/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ model: "scripted", messages: [{ role: "user", content: "hi" }], ...body }),
      ...(signal ? { signal } : {}),
    });
  return { server, ask };
}

test("a streamed answer comes in pieces, with usage at its end", async () => {
  const { ask } = await served({ script: inOrder(say("two words", { usage: { input: 9, output: 2, cached: 5 } })) });
  const text = await (await ask({ stream: true })).text();
  const chunks = text
    .split("\n\n")
    .filter((part) => part.startsWith("data: {"))
    .map((part) => JSON.parse(part.slice(6)));
  expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe("two words");
  expect(chunks.at(-1).usage).toMatchObject({ prompt_tokens: 9, prompt_tokens_details: { cached_tokens: 5 } });
  expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
});

test("an answer that is not streamed comes whole, with its tool calls", async () => {
  const { ask } = await served({ script: inOrder(call("bash", { command: "ls" })) });
  const body = await bodyOf(await ask({}));
  expect(body.choices[0]).toMatchObject({
    finish_reason: "tool_calls",
    message: { tool_calls: [{ function: { name: "bash", arguments: '{"command":"ls"}' } }] },
  });
});

test("a turn's steps are told by what the model said since the user's last words", async () => {
  const { ask } = await served({ script: bySteps(say("first"), say("second")) });
  const messages = [
    { role: "user", content: "hi" },
    { role: "assistant", content: null },
    { role: "tool", content: "done" },
  ];
  expect((await bodyOf(await ask({ messages }))).choices[0]?.message.content).toBe("second");
});

test("titles are answered without the script, and recorded", async () => {
  const { server, ask } = await served({ script: inOrder(say("answer")) });
  const title = await ask({ messages: [{ role: "system", content: "You are a title generator." }] });
  expect((await bodyOf(title)).choices[0]?.message.content).toBe("A scripted run");
  expect((await bodyOf(await ask({}))).choices[0]?.message.content).toBe("answer");
  expect(server.requests.map(({ isTitle }) => isTitle)).toEqual([true, false]);
});

test("failures come with status, body and Retry-After", async () => {
  const { ask } = await served({ script: inOrder(failures.rateLimited(20)) });
  const response = await ask({});
  expect(response.status).toBe(429);
  expect(response.headers.get("retry-after")).toBe("20");
  expect((await bodyOf(response)).error.code).toBe("rate_limit_exceeded");
});

test("a cut stream breaks off", async () => {
  const { ask } = await served({ script: inOrder(cut("half an answer")) });
  await expect(ask({ stream: true }).then((response) => response.text())).rejects.toThrow();
});

test("a hanging model answers nothing, and the server still stops", async () => {
  const { ask } = await served({ script: inOrder(hang()) });
  await expect(ask({}, AbortSignal.timeout(100))).rejects.toThrow();
});

test("a script that throws is a failure of the server, not of the process", async () => {
  const { ask } = await served({
    script: () => {
      throw new Error("oops");
    },
  });
  expect((await ask({})).status).toBe(500);
});

test("models are listed", async () => {
  const { server } = await served({ script: inOrder(say("")), models: ["a", "b"] });
  const body = await bodyOf(await fetch(`${server.url}/models`));
  expect(body.data.map(({ id }) => id)).toEqual(["a", "b"]);
});
