import type { Job, Pod } from "../../src/cluster/cluster.ts";
import { annotation, containerName, label, ownLabels } from "../../src/job/names.ts";
import { defaultLimits, type RunLimits } from "../../src/run/limits.ts";
import type { RunLog } from "../../src/run-log/run-log.ts";

export interface JobFacts {
  name?: string;
  uid?: string;
  agentId?: string;
  runId?: string;
  taskId?: string;
  createdAt?: string;
  finished?: "Complete" | "Failed";
  finishedAt?: string;
  ttlSeconds?: number;
  deleting?: boolean;
  /** Created suspended by a process that has not resumed it. */
  suspendedByMaker?: boolean;
  suspended?: boolean;
}

/** A Job as it lies in the cluster. */
export function job(facts: JobFacts = {}): Job {
  const { name = "job-1", uid = `uid-of-${name}`, agentId = "a1", runId = "r1" } = facts;
  const suspended = facts.suspended ?? facts.suspendedByMaker;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name,
      namespace: "agents",
      uid,
      creationTimestamp: facts.createdAt ?? "2026-01-01T00:00:00Z",
      labels: {
        ...ownLabels,
        [label.agent]: agentId,
        [label.run]: runId,
        ...(facts.taskId ? { [label.task]: facts.taskId } : {}),
      },
      annotations: facts.suspendedByMaker ? { [annotation.suspendedBy]: "paperclip-1/1" } : {},
      ...(facts.deleting ? { deletionTimestamp: "2026-01-01T00:01:00Z" } : {}),
    },
    spec: {
      ...(suspended ? { suspend: true } : {}),
      ...(facts.ttlSeconds === undefined ? {} : { ttlSecondsAfterFinished: facts.ttlSeconds }),
      template: { spec: { containers: [{ name: containerName, image: "agent:1" }] } },
    },
    ...(facts.finished ? { status: { conditions: [finishedCondition(facts.finished, facts.finishedAt)] } } : {}),
  };
}

function finishedCondition(type: string, lastTransitionTime: string | undefined) {
  return { type, status: "True", ...(lastTransitionTime ? { lastTransitionTime } : {}) };
}

export interface PodFacts {
  name?: string;
  job?: string;
  phase?: string;
  /** The agent container's state. */
  state?: object;
  status?: object;
  deleting?: boolean;
}

/** The pod of a Job. */
export function pod({ name = "pod-1", job: jobName = "job-1", ...facts }: PodFacts = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "agents",
      uid: `uid-of-${name}`,
      labels: { ...ownLabels, [label.agent]: "a1", [label.run]: "r1", "job-name": jobName },
      ...(facts.deleting ? { deletionTimestamp: "2026-01-01T00:01:00Z" } : {}),
    },
    spec: { nodeName: "node1", containers: [{ name: containerName, image: "agent:1" }] },
    status: {
      phase: facts.phase ?? "Running",
      ...(facts.state ? { containerStatuses: [containerStatus(facts.state)] } : {}),
      ...facts.status,
    },
  };
}

function containerStatus(state: object) {
  return { name: containerName, image: "agent:1", imageID: "", ready: false, restartCount: 0, state };
}

export const running = { running: { startedAt: "2026-01-01T00:00:05Z" } };
export const exited = (exitCode: number, reason = exitCode === 0 ? "Completed" : "Error") => ({
  terminated: { exitCode, reason },
});

/** What was said and written, in order. */
export interface HeardLog extends RunLog {
  said: string[];
}

export function heardLog(): HeardLog {
  const said: string[] = [];
  return {
    said,
    stdout: async () => {},
    stderr: async () => {},
    say: async (text) => {
      said.push(text);
    },
  };
}

/** The limits of a run, so short that a test sees what lies behind them. */
export function shortLimits(changes: Partial<RunLimits> = {}): RunLimits {
  return {
    ...defaultLimits,
    guardMs: 500,
    slotWaitMs: 80,
    slotPollMs: 5,
    sayEveryMs: 20,
    pendingMs: 150,
    suspectMs: 40,
    pullMs: 40,
    explainAfterMs: 20,
    noPodMs: 15,
    drainMs: 50,
    statusMs: 30,
    stopMarginMs: 80,
    ...changes,
  };
}

export const open = () => new AbortController().signal;
