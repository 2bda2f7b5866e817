import type { Speech, Usage } from "./answer.ts";

const defaultUsage: Usage = { input: 120, output: 20, cached: 0, reasoning: 0 };

function usageOf(usage: Usage = defaultUsage) {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cached ?? 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
  };
}

function toolCallsOf(speech: Speech, id: string) {
  return (speech.calls ?? []).map((toolCall, index) => ({
    index,
    id: `call_${id}_${index}`,
    type: "function",
    function: { name: toolCall.name, arguments: JSON.stringify(toolCall.input) },
  }));
}

function finishOf(speech: Speech): string {
  return speech.finish ?? (speech.calls?.length ? "tool_calls" : "stop");
}

/** Pieces of text as a model streams them: a word and its space. */
function piecesOf(text = ""): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}

/** The `data:` objects of a streamed answer, in order; the caller writes them and the closing `[DONE]`. */
export function* chunksOf(speech: Speech, model: string, id: string): Generator<object> {
  const head = { id: `chatcmpl-${id}`, object: "chat.completion.chunk", created: 1_700_000_000, model };
  const delta = (value: object) => ({ ...head, choices: [{ index: 0, delta: value, finish_reason: null }] });
  yield delta({ role: "assistant", content: "" });
  for (const piece of piecesOf(speech.reasoning)) yield delta({ reasoning_content: piece });
  for (const piece of piecesOf(speech.text)) yield delta({ content: piece });
  for (const toolCall of toolCallsOf(speech, id)) yield delta({ tool_calls: [toolCall] });
  yield { ...head, choices: [{ index: 0, delta: {}, finish_reason: finishOf(speech) }] };
  yield { ...head, choices: [], usage: usageOf(speech.usage) };
}

/** The whole answer at once, for a request without `stream`. */
export function completionOf(speech: Speech, model: string, id: string): object {
  const calls = toolCallsOf(speech, id);
  const message = {
    role: "assistant",
    content: speech.text ?? null,
    ...(speech.reasoning === undefined ? {} : { reasoning_content: speech.reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  return {
    id: `chatcmpl-${id}`,
    object: "chat.completion",
    created: 1_700_000_000,
    model,
    choices: [{ index: 0, message, finish_reason: finishOf(speech) }],
    usage: usageOf(speech.usage),
  };
}
