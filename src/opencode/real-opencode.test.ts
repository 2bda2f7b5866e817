import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { call, say } from "../../test/model/answer.ts";
import { opencodeConfig } from "../../test/model/opencode-config.ts";
import { createOpencodeHome, type OpencodeOutput, runOpencode } from "../../test/model/run-opencode.ts";
import { bySteps, startModelServer } from "../../test/model/server.ts";
import { buildRunArgs } from "./args.ts";
import { buildConfigContent } from "./config-content.ts";
import { diagnose } from "./diagnosis.ts";
import { createTranscript } from "./transcript.ts";

function read(output: OpencodeOutput) {
  const transcript = createTranscript();
  for (const line of output.stdout.split("\n")) transcript.add(line);
  return transcript.view();
}

test("the real OpenCode takes our arguments and config over the operator's, and a second run continues the session", async () => {
  const server = await startModelServer({
    script: bySteps(call("read", { filePath: "/etc/hostname" }), say("Read it.")),
  });
  const home = await createOpencodeHome();
  onTestFinished(async () => {
    await server.stop();
    await home.remove();
  });
  const operatorFile = join(home.home, ".config/opencode/opencode.json");
  const operatorText = JSON.stringify({ ...opencodeConfig({ baseUrl: server.url }), permission: { bash: "deny" } });
  await mkdir(dirname(operatorFile), { recursive: true });
  await writeFile(operatorFile, operatorText);
  const content = buildConfigContent({ model: "scripted/scripted", dangerouslySkipPermissions: true });
  const env = { OPENCODE_CONFIG_CONTENT: content.kind === "content" ? content.json : "" };
  const run = (sessionId?: string) =>
    runOpencode({
      home,
      env,
      args: buildRunArgs({ model: "scripted/scripted", ...(sessionId ? { sessionId } : {}) }),
      stdin: sessionId ? "And again." : "Read the file.",
    });

  const first = await run();
  const transcript = read(first);
  expect(first.exitCode).toBe(0);
  expect(transcript).toMatchObject({ summary: "Read it.", toolErrors: [], toolCalls: 1, steps: 2, finishedWell: true });
  expect(diagnose({ exitCode: first.exitCode, transcript, stderrTail: first.stderr })).toBeUndefined();
  expect(await readFile(operatorFile, "utf8")).toBe(operatorText);

  const second = await run(transcript.sessionId);
  expect(read(second).sessionId).toBe(transcript.sessionId);
  expect(server.requests.at(-1)?.userText).toContain("Read the file.");
  expect(server.requests.at(-1)?.lastUserText).toContain("And again.");
}, 60_000);
