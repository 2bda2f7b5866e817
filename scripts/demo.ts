import { parseArgs, styleText } from "node:util";
import { cliAdapter } from "../src/index.ts";
import { call, say } from "../test/model/answer.ts";
import { opencodeConfig } from "../test/model/opencode-config.ts";
import { startModelServer } from "../test/model/server.ts";
import { wake } from "../test/world/world.ts";
import { announceObjects } from "./demo/announce-objects.ts";
import { demoWorld } from "./demo/demo-world.ts";

/** Runs one agent twice and shows what happens. Without options everything is in this process: a cluster, a model. */
const { values: options } = parseArgs({
  options: {
    kubeconfig: { type: "string" },
    image: { type: "string" },
    "storage-class": { type: "string" },
    "host-address": { type: "string" },
    help: { type: "boolean", short: "h" },
  },
});

if (options.help) {
  console.log(`npm run demo                              an embedded cluster, real OpenCode, a scripted model
npm run demo -- --kubeconfig F --image I  the same on a real cluster, with an image that has OpenCode in it

  --storage-class C   for the shared volume (default: the cluster's own)
  --host-address A    where pods reach this machine (default: the address that reaches the API server)`);
  process.exit(0);
}

function title(text: string): void {
  console.log(`\n${styleText("bold", text)}`);
}

// Nothing answers there in the demo; Paperclip's Deployment sets it so that agents can call back.
process.env["PAPERCLIP_API_URL"] ??= "http://paperclip.paperclip.svc:3100";

const startedAt = Date.now();
title("Setting up");
const world = await demoWorld({
  kubeconfig: options.kubeconfig,
  image: options.image,
  storageClass: options["storage-class"],
  hostAddress: options["host-address"],
});
const model = await startModelServer({
  host: world.hostAddress,
  script: ({ userText, step }) => {
    const secondTurn = userText.includes("second wake");
    if (secondTurn) return say("You asked me before: I counted 42 with a shell command. Nothing changed since.");
    return step === 0
      ? call("bash", { command: "echo $((6 * 7))", description: "Counts" }, { reasoning: "A shell can count this." })
      : say("The shell says 42.", { usage: { input: 900, output: 12, cached: 600 } });
  },
});
console.log(`cluster    ${world.describe}`);
console.log(`namespace  ${world.namespace}, Pod Security "restricted"`);
console.log(`model      a scripted one at ${model.url}`);

const adapter = world.adapter({
  env: { ...world.podEnv, OPENCODE_CONFIG_CONTENT: JSON.stringify(opencodeConfig({ baseUrl: model.url })) },
});
const announcer = await announceObjects(world);
let ok = true;

async function wakeAgent(name: string, prompt: string, session: Record<string, unknown> | null) {
  title(name);
  let rest = "";
  const { result } = await wake(world, adapter, {
    session,
    config: { promptTemplate: prompt, env: { OPENCODE_DISABLE_MODELS_FETCH: "true" } },
    onLog: async (_, chunk) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) cliAdapter.formatStdoutEvent(line, false);
    },
  });
  const { usage, costUsd, sessionId, errorCode, errorMessage } = result;
  if (errorMessage) console.log(styleText("red", `${errorCode}: ${errorMessage}`));
  console.log(
    `usage      ${usage?.inputTokens} in, ${usage?.cachedInputTokens} cached, ${usage?.outputTokens} out, $${costUsd?.toFixed(6)}`,
  );
  console.log(`session    ${sessionId}`);
  ok &&= result.exitCode === 0;
  return result;
}

try {
  const first = await wakeAgent("First wake: a fresh session", "Please count 6 times 7.", null);
  const second = await wakeAgent(
    "Second wake: the session goes on",
    "This is the second wake. What did you count?",
    first.sessionParams ?? null,
  );
  const sawFirst =
    model.requests
      .filter(({ isTitle }) => !isTitle)
      .at(-1)
      ?.userText.includes("count 6 times 7") === true;
  ok &&= sawFirst && second.sessionId === first.sessionId;
  title("Result");
  console.log(`The second wake ${sawFirst ? "saw" : "DID NOT see"} the first one's messages.`);
} finally {
  await adapter.close();
  await announcer.stop();
  const left = await world.leftBehind();
  ok &&= left.length === 0;
  console.log(left.length === 0 ? "Nothing of the runs is left in the cluster." : `Left behind: ${left.join(", ")}`);
  await model.stop();
  await world.stop();
}
const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
console.log(ok ? styleText("green", `Success, in ${seconds} s.`) : styleText("red", `Failed, after ${seconds} s.`));
process.exitCode = ok ? 0 : 1;
