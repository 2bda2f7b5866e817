import { describe, expect, test } from "vitest";
import { seeded, textOf } from "../../test/support/random.ts";
import { isDnsLabel, isDnsSubdomain, isLabelValue } from "../config/formats/kubernetes-names.ts";
import {
  agentSelector,
  databaseClaimName,
  environmentSecretName,
  jobName,
  labelValue,
  ownSelector,
  promptSecretName,
} from "./names.ts";

const uuid = "0b5e0c1e-6a4b-4d6e-9b1c-3f2a1d4c5b6a";
const oddIds = [
  "",
  "-",
  "_._",
  "Ünïcode-Agent",
  "UPPER",
  "a".repeat(300),
  "a b/c:d",
  "--x--",
  "12345",
  "🤖",
  "a\n$(x)",
];
const random = seeded(7);
const ids = [
  uuid,
  ...oddIds,
  ...Array.from({ length: 500 }, () => textOf(["a", "Z", "0", "-", "_", ".", "/", " ", "é", "🤖"], 80, random)),
];

describe("the name of a Job", () => {
  test("is readable and the same for every try to create it", () => {
    const name = jobName({ agentId: uuid, runId: "7c9e6679-7425-40de", attempt: 0 });
    expect(name).toMatch(/^agent-opencode-0b5e0c1e-6a4-7c9e6679-742-[0-9a-f]{8}$/);
    expect(jobName({ agentId: uuid, runId: "7c9e6679-7425-40de", attempt: 0 })).toBe(name);
  });

  test("differs by agent, run and attempt, however alike they are", () => {
    const names = ["a", "b"].flatMap((agentId) =>
      ["r/1", "r-1"].flatMap((runId) => [0, 1].map((attempt) => jobName({ agentId, runId, attempt }))),
    );
    expect(new Set(names).size).toBe(8);
  });

  test("is a DNS label of at most 63 characters for any id, with room for the pod's suffix in its label", () => {
    for (const id of ids) {
      const name = jobName({ agentId: id, runId: id, attempt: 1 });
      expect(name.length).toBeLessThanOrEqual(63);
      expect(isDnsLabel(name), name).toBe(true);
    }
  });

  test("gives its Secrets names that Kubernetes takes", () => {
    const job = jobName({ agentId: "a".repeat(300), runId: "b".repeat(300), attempt: 1 });
    expect(isDnsSubdomain(environmentSecretName(job))).toBe(true);
    expect(isDnsSubdomain(promptSecretName(job, 17))).toBe(true);
    expect(promptSecretName(job, 1)).not.toBe(promptSecretName(job, 11));
  });
});

describe("a label value", () => {
  test("is the id itself where Kubernetes takes it", () => {
    for (const id of [uuid, "ISSUE-12", "ses_5f2aXY", "a", "a".repeat(63)]) expect(labelValue(id)).toBe(id);
  });

  test("refused by the API for its characters or its length: any id gives one it takes", () => {
    for (const id of ids) expect(isLabelValue(labelValue(id)), id).toBe(true);
  });

  test("stays unique when it had to be changed", () => {
    const alike = ["a b", "a/b", "a:b", `${"a".repeat(100)}1`, `${"a".repeat(100)}2`];
    expect(new Set(alike.map(labelValue)).size).toBe(alike.length);
  });

  test("of an empty id is not empty: it would select every object without the label", () => {
    expect(labelValue("")).not.toBe("");
  });
});

describe("the agent's database claim", () => {
  test("has the documented name", () => {
    expect(databaseClaimName(uuid)).toBe(`opencode-db-${uuid}`);
  });

  test("has a name that Kubernetes takes, for any id, and one of its own", () => {
    for (const id of ids) expect(isDnsSubdomain(databaseClaimName(id)), databaseClaimName(id)).toBe(true);
    expect(new Set(["Agent", "agent", "agent_", "agent-"].map(databaseClaimName)).size).toBe(4);
  });
});

test("the selector of an agent's Jobs names everything that the selector of ours does", () => {
  for (const part of ownSelector.split(",")) expect(agentSelector("a1").split(",")).toContain(part);
  expect(agentSelector("a1").split(",")).toContain("paperclip.io/agent-id=a1");
  expect(agentSelector("a b")).not.toMatch(/ /);
});
