import { expect, test } from "vitest";
import { sentence } from "./sentence.ts";

test.each([
  [
    "no answer within 15000 ms",
    "Nothing to do if it passes.",
    "no answer within 15000 ms. Nothing to do if it passes.",
  ],
  ["Too many requests..", "Paperclip tries again.", "Too many requests. Paperclip tries again."],
  ["It lacked memory. .", "Paperclip tries again.", "It lacked memory. Paperclip tries again."],
  [
    'secret "keys" not found',
    "Create what the message names.",
    'secret "keys" not found. Create what the message names.',
  ],
  ["It was killed.", "Raise the limit.", "It was killed. Raise the limit."],
  ["Really?", "Yes.", "Really? Yes."],
  ["Stop!", "Now.", "Stop! Now."],
  ['It said "no."', "Look.", 'It said "no." Look.'],
  ["The output was cut...", "Look at the log.", "The output was cut... Look at the log."],
  ["The output was cut…", "Look at the log.", "The output was cut… Look at the log."],
  ["it waited for:", "Look.", "it waited for. Look."],
  ["  Spaces.  \n", "  Around. ", "Spaces. Around."],
])("%j and %j", (message, hint, joined) => {
  expect(sentence(message, hint)).toBe(joined);
});

test("a text alone stays as it is, apart from surplus full stops", () => {
  expect(sentence("The run was cancelled.", "")).toBe("The run was cancelled.");
  expect(sentence("", undefined, "no stop")).toBe("no stop");
  expect(sentence("requests..")).toBe("requests.");
  expect(sentence()).toBe("");
});

test("joining is the same in one go and in two", () => {
  const texts = ["one", "two.", "three..", "four"];
  expect(sentence(sentence(texts[0], texts[1]), texts[2], texts[3])).toBe(sentence(...texts));
});
