import { expect, test } from "vitest";
import { fallbackModels } from "./fallback-models.ts";
import { createModelCatalogue } from "./model-catalogue.ts";

/** An OpenCode that gives these answers, the last one again and again. */
function fakeOpencode(...answers: (string | Error)[]) {
  const asked: string[] = [];
  return {
    asked,
    ask: async (args: readonly string[]) => {
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      asked.push(args.join(" "));
      if (answer instanceof Error) throw answer;
      return answer ?? "";
    },
  };
}

function catalogueOf(opencode: ReturnType<typeof fakeOpencode>) {
  const clock = { ms: 0 };
  const warnings: string[] = [];
  const catalogue = createModelCatalogue({
    ask: opencode.ask,
    warn: (message) => warnings.push(message),
    now: () => clock.ms,
  });
  return { catalogue, clock, warnings };
}

test("models are listed by name, each once, notices left out", async () => {
  const { catalogue } = catalogueOf(
    fakeOpencode("openai/gpt-10\nopenai/gpt-9\nopenai/gpt-9\nModels cache refreshed\n"),
  );
  expect((await catalogue.listModels()).map(({ id }) => id)).toEqual(["openai/gpt-9", "openai/gpt-10"]);
});

test("OpenCode is asked once a minute, and once for questions at the same time", async () => {
  const opencode = fakeOpencode("a/b");
  const { catalogue, clock } = catalogueOf(opencode);
  await Promise.all([catalogue.listModels(), catalogue.listModels()]);
  clock.ms = 59_999;
  await catalogue.listModels();
  expect(opencode.asked).toEqual(["models"]);
  clock.ms = 60_000;
  await catalogue.listModels();
  expect(opencode.asked).toEqual(["models", "models"]);
});

test("a refresh fetches the catalogue first and asks whatever the age", async () => {
  const opencode = fakeOpencode("a/b", "Models cache refreshed", "a/b\na/c");
  const { catalogue } = catalogueOf(opencode);
  await catalogue.listModels();
  expect(await catalogue.refreshModels()).toHaveLength(2);
  expect(opencode.asked).toEqual(["models", "models --refresh", "models"]);
  expect(await catalogue.listModels()).toHaveLength(2);
});

test("a refresh that cannot fetch still lists", async () => {
  const { catalogue, warnings } = catalogueOf(fakeOpencode(new Error("no network"), "a/b"));
  expect(await catalogue.refreshModels()).toEqual([{ id: "a/b", label: "a/b" }]);
  expect(warnings).toEqual(["no network"]);
});

test("without OpenCode the fallback list is given, and the reason is said once", async () => {
  const { catalogue, clock, warnings } = catalogueOf(fakeOpencode(new Error("there is no opencode in this image")));
  expect(await catalogue.listModels()).toEqual(fallbackModels);
  clock.ms = 120_000;
  await catalogue.listModels();
  expect(warnings).toEqual(["there is no opencode in this image"]);
});

test("a list that was known stays when OpenCode fails later", async () => {
  const { catalogue, clock } = catalogueOf(fakeOpencode("a/b", new Error("killed")));
  await catalogue.listModels();
  clock.ms = 120_000;
  expect(await catalogue.listModels()).toEqual([{ id: "a/b", label: "a/b" }]);
});

test("an empty list counts as a failure", async () => {
  const { catalogue, warnings } = catalogueOf(fakeOpencode("\n"));
  expect(await catalogue.listModels()).toEqual(fallbackModels);
  expect(warnings).toEqual(["opencode models: the list is empty"]);
});
