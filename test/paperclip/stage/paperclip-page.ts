import type { Locator, Page } from "playwright-core";
import { board } from "./paperclip-api.ts";

/** What a user does on Paperclip's page (2026.916.1), by the words that stand there. */
export interface PaperclipPage {
  signIn(): Promise<void>;
  /** The wizard for a new agent, up to the choice of the model. */
  beginAgent(name: string, adapter: string): Promise<void>;
  chooseModel(model: string): Promise<void>;
  /** Presses the button of the test, and returns everything said about it. */
  runTest(): Promise<string>;
  /** Ends the wizard; returns the id of the agent. */
  finishAgent(): Promise<string>;
  openConfiguration(agentId: string): Promise<void>;
  /** A field of the agent's form. */
  field(label: string): Locator;
  save(): Promise<void>;
  /** Returns the id of the run. */
  runNow(): Promise<string>;
  openRun(agentId: string, runId: string): Promise<void>;
  /** The run's button that stops it. */
  stopRun(): Promise<void>;
  text(): Promise<string>;
  /** Unfolds the commands in a run's transcript. */
  unfoldCommands(): Promise<void>;
  /** The run's transcript, as it is rendered. */
  transcript(): Promise<string>;
}

/** `home`: Paperclip's address with the company's part of the path. */
export function paperclipPage(page: Page, home: string): PaperclipPage {
  const main = page.locator("main");
  const press = (name: string | RegExp) => page.getByRole("button", { name }).click();
  return {
    ...wizard(page, home),
    async signIn() {
      await page.goto(home);
      await page.getByRole("textbox", { name: "Email" }).fill(board.email);
      await page.locator("input[type=password]").fill(board.password);
      await page.locator("form").getByRole("button", { name: "Sign in" }).click();
      await page.waitForURL(/\/dashboard/);
    },
    async openConfiguration(agentId) {
      await page.goto(`${home}/agents/${agentId}/runtime`);
      await main.getByText("Configuration", { exact: true }).waitFor();
    },
    field: (label) =>
      main
        .locator("label")
        .filter({ hasText: new RegExp(`^${label}$`) })
        .locator("xpath=../following-sibling::*[self::input or self::textarea][1]"),
    async save() {
      const saved = page.waitForResponse((response) => response.request().method() === "PATCH");
      await press("Save changes");
      const response = await saved;
      if (!response.ok()) throw new Error(`not saved: ${response.status()} ${await response.text()}`);
    },
    async runNow() {
      await press("Run now");
      await page.waitForURL(/\/runs\/[0-9a-f-]{36}/);
      return /\/runs\/([0-9a-f-]{36})/.exec(page.url())?.[1] ?? "";
    },
    async openRun(agentId, runId) {
      await page.goto(`${home}/agents/${agentId}/runs/${runId}`);
      await main.getByText("Invocation", { exact: true }).waitFor();
    },
    stopRun: () => main.getByRole("button", { name: "Cancel", exact: true }).click(),
    unfoldCommands: () => main.getByText(/^Executed command/i).click(),
    text: () => seen(page),
    async transcript() {
      const [, transcript = ""] = (await seen(page)).split(/^Transcript \(\d+\)$/m);
      return transcript.split(/^Events \(\d+\)$/m)[0] ?? "";
    },
  };
}

function wizard(page: Page, home: string) {
  const main = page.locator("main");
  const press = (name: string | RegExp) => page.getByRole("button", { name }).click();
  return {
    async beginAgent(name: string, adapter: string) {
      await page.goto(`${home}/agents/new`);
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("textbox").fill(name);
      await press("Choose adapter");
      await dialog.getByText(adapter, { exact: true }).click();
      await press("Configure agent");
      await main.getByText("Configure your agent").waitFor();
    },
    async chooseModel(model: string) {
      await page.getByRole("button", { name: "Default", exact: true }).click();
      await page.getByPlaceholder(/Search models/).fill(model);
      await page.locator("[data-radix-popper-content-wrapper]").getByText(model, { exact: true }).last().click();
      await page.getByRole("button", { name: model, exact: true }).waitFor();
    },
    async runTest() {
      await press(/^(Run test|Retry test|Test again)$/);
      const details = main.getByText("Test details");
      await main.getByText(/^(Couldn't connect|Connection successful|Connection needs attention)$/).waitFor();
      await details.click();
      return seen(page);
    },
    async finishAgent() {
      await press("Finish setup");
      await main.getByText("Your agent is ready").waitFor();
      const agentId = new URL(page.url()).searchParams.get("createdAgentId");
      if (agentId === null) throw new Error("the page does not name the new agent");
      return agentId;
    },
  };
}

async function seen(page: Page): Promise<string> {
  return (await page.locator("main").allInnerTexts()).join("\n");
}
