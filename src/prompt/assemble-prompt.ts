import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import type { Settings } from "../config/settings.ts";
import { readSkillsBundle } from "../skills/skills-bundle.ts";
import { readInstructions } from "./instructions.ts";
import { textAt } from "./read-context.ts";

export interface PromptInput {
  execution: Pick<AdapterExecutionContext, "runId" | "agent" | "config" | "context">;
  settings: Pick<Settings, "instructionsFilePath" | "promptTemplate" | "bootstrapPromptTemplate">;
  /** Whether OpenCode goes on with a session that knows the earlier prompts. */
  resumedSession: boolean;
  /** Where the agent works; a relative instructions file starts here. */
  cwd: string;
  /** Paperclip's own environment: it says which files the server may read. */
  serverEnv: Readonly<Record<string, string | undefined>>;
}

/** Characters by section, under the names that Paperclip's pages know. */
interface PromptMetrics extends Record<string, number> {
  promptChars: number;
  instructionsChars: number;
  skillsChars: number;
  bootstrapPromptChars: number;
  wakePromptChars: number;
  taskContextChars: number;
  sessionHandoffChars: number;
  heartbeatPromptChars: number;
}

export interface AssembledPrompt {
  text: string;
  metrics: PromptMetrics;
  /** For the run's page, beside the command. */
  notes: string[];
  /** For the run's log. */
  warnings: string[];
}

/**
 * Puts a run's prompt together: instructions, skills, bootstrap, wake, task, handoff, heartbeat. It must be made anew
 * when a run starts over with a fresh session, since a resumed one gets less.
 */
export async function assemblePrompt(input: PromptInput): Promise<AssembledPrompt> {
  const { execution, settings, cwd, serverEnv: env } = input;
  const { id: agentId, companyId } = execution.agent;
  const [instructions, skills, sections] = await Promise.all([
    readInstructions(settings.instructionsFilePath, { cwd, agentId, companyId, env }),
    readSkillsBundle(execution.config, env),
    renderSections(input),
  ]);
  const { bootstrap, wake, task, handoff, heartbeat } = sections;
  const text = [instructions.text, skills.markdown, bootstrap, wake, task, handoff, heartbeat]
    .map((section) => section.trim())
    .filter((section) => section !== "")
    .join("\n\n");
  return {
    text,
    metrics: {
      promptChars: text.length,
      instructionsChars: instructions.text.length,
      skillsChars: skills.markdown.length,
      bootstrapPromptChars: bootstrap.length,
      wakePromptChars: wake.length,
      taskContextChars: task.length,
      sessionHandoffChars: handoff.length,
      heartbeatPromptChars: heartbeat.length,
    },
    notes: [...instructions.notes, ...skills.notes],
    warnings: [...instructions.warnings, ...skills.warnings],
  };
}

interface Sections {
  bootstrap: string;
  wake: string;
  task: string;
  handoff: string;
  heartbeat: string;
}

/** What Paperclip says, in its own words: its helpers know which part a resumed session has already read. */
async function renderSections({ execution, settings, resumedSession }: PromptInput): Promise<Sections> {
  const helpers = await import("@paperclipai/adapter-utils/server-utils");
  const { runId, agent, context } = execution;
  const conversationMode = context["conversationMode"] === true;
  const data = {
    agentId: agent.id,
    companyId: agent.companyId,
    runId,
    company: { id: agent.companyId },
    agent,
    run: { id: runId, source: "on_demand" },
    context,
  };
  const render = (template: string) => helpers.renderTemplate(template, data).trim();

  const task = helpers.selectPaperclipTaskMarkdown(context, { resumedSession });
  const wake = helpers.renderPaperclipWakePrompt(context["paperclipWake"], {
    conversationMode,
    resumedSession,
    // The task's own section has the description already.
    suppressIssueDescription: task !== "",
  });
  const wakeSaysItAll = resumedSession && wake !== "";
  const recovery = helpers.isPaperclipRecoveryWakePayload(context["paperclipWake"]);
  const defaultTemplate = conversationMode
    ? helpers.DEFAULT_PAPERCLIP_CONVERSATION_PROMPT_TEMPLATE
    : helpers.DEFAULT_PAPERCLIP_AGENT_PROMPT_TEMPLATE;
  return {
    bootstrap: resumedSession ? "" : render(settings.bootstrapPromptTemplate ?? ""),
    wake,
    task,
    handoff: textAt(context, "paperclipSessionHandoffMarkdown") ?? "",
    heartbeat: wakeSaysItAll || recovery ? "" : render(settings.promptTemplate ?? defaultTemplate),
  };
}
