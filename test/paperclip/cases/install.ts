import { expect, test } from "vitest";
import { say } from "../../model/answer.ts";
import { adapterType, type Stage } from "../stage/stage.ts";
import { hire, wake, wordsOf } from "./worker.ts";

const packageName = "paperclip-adapter-opencode-kubernetes";

export function installCases(stage: () => Stage): void {
  test("from a folder of Paperclip's machine, and an agent runs", async () => {
    const { api, model } = stage();
    expect(await api.installAdapter({ folder: "/paperclip/plugin" })).toMatchObject({ type: adapterType });
    model.plays("local", say("Installed from a folder."));
    const agent = await hire(stage(), "local");
    const woken = await wake(stage(), agent.id);
    expect(woken.run).toMatchObject({ status: "succeeded", error: null });
    expect(wordsOf(woken.log)).toEqual(["Installed from a folder."]);
  });

  test("as a package from the npm registry, in the folder's place", async () => {
    const { api, registry } = stage();
    await api.removeAdapter(adapterType);
    const installed = await api.installAdapter({ package: packageName });
    expect(installed).toMatchObject({ type: adapterType, version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect(registry.requests).toContain(`GET /${packageName}.tgz`);
    expect(await api.adapter(adapterType)).toMatchObject({ packageName, source: "external", loaded: true });
  });

  test("it brings a form, and a parser that Paperclip's page can load", async () => {
    const { api } = stage();
    const { fields } = await api.configSchema(adapterType);
    const keys = fields.map(({ key }) => key);
    expect(keys).toEqual(expect.arrayContaining(["namespace", "resources.requests.cpu", "tolerations", "timeoutSec"]));
    expect(new Set(keys).size).toBe(keys.length);

    const module: { exports: { parseStdoutLine?: unknown } } = { exports: {} };
    new Function("exports", "module", await api.uiParser(adapterType))(module.exports, module);
    expect(module.exports.parseStdoutLine).toBeTypeOf("function");
  });
}
