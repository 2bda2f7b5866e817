import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { badInputCases } from "./cases/bad-input.ts";
import { deletedCases } from "./cases/deleted.ts";
import { environmentCases } from "./cases/environment.ts";
import { formCases } from "./cases/form.ts";
import { installCases } from "./cases/install.ts";
import { permissionCases } from "./cases/permissions.ts";
import { recoveryCases } from "./cases/recovery.ts";
import { restartCases } from "./cases/restart.ts";
import { settingCases } from "./cases/settings.ts";
import { stopCases } from "./cases/stop.ts";
import { wakeCases } from "./cases/wakes.ts";
import { type Stage, setStage } from "./stage/stage.ts";

/** One Paperclip for all: it takes longer to start than most cases to run. */
let raised: Stage | undefined;
beforeAll(async () => {
  raised = await setStage();
});
afterAll(() => raised?.strike());

function stage(): Stage {
  if (raised === undefined) throw new Error("Paperclip is not there");
  return raised;
}

describe("the plugin is installed", () => installCases(stage));
describe("an agent is woken twice", () => wakeCases(stage));
describe("Paperclip's page", () => formCases(stage));
describe("settings", () => settingCases(stage));
describe("a run is stopped", () => stopCases(stage));
describe("somebody deletes it in the cluster", () => deletedCases(stage));
describe("a task goes on after a run without success", () => recoveryCases(stage));
describe("bad input ends with its own code", () => badInputCases(stage));
describe("Test environment", () => environmentCases(stage));
describe("Paperclip is restarted in the middle of a run", () => restartCases(stage));
describe("the service account", () => permissionCases(stage));

test("the operator's OpenCode configuration is byte for byte as it was", async () => {
  const { operatorConfig } = stage();
  expect(await operatorConfig.read()).toBe(operatorConfig.written);
});
