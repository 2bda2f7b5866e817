import { expect } from "vitest";
import type { LogResponse, Pod } from "../../src/cluster/cluster.ts";
import { bodyOf, refusalOf } from "../support/log/log-response.ts";
import { type Bench, type ContractCase, pause, until } from "./bench.ts";
import { logOf, refTo, runScript, shellContainer, shellPod, untilPod } from "./workloads.ts";

const stamp = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z";

async function textOf(response: LogResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bodyOf(response)) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function openLog(bench: Bench, pod: Pod, options: { follow?: boolean; sinceTime?: string; container?: string } = {}) {
  const { follow = false, container = "main", sinceTime } = options;
  const since = sinceTime === undefined ? {} : { sinceTime };
  return bench.cluster.openLog({ pod: refTo(pod), container, follow, ...since, signal: bench.signal });
}

const statusOf = async (bench: Bench, pod: Pod, query: string) => {
  const { namespace, name } = refTo(pod);
  return bench.http("GET", `/api/v1/namespaces/${namespace}/pods/${name}/log?${query}`);
};

/** What pods/log gives, and when it gives nothing. */
export const logCases: ContractCase[] = [
  {
    name: "with timestamps each line begins with nine digits and Z",
    async run(bench) {
      const { pod } = await runScript(bench, "echo one; echo; echo two");
      const text = await textOf(await openLog(bench, pod));
      expect(text).toMatch(new RegExp(`^${stamp} one\\n${stamp} \\n${stamp} two\\n$`));
      const stamps = text
        .split("\n")
        .filter(Boolean)
        .map((line) => line.slice(0, 30));
      expect([...stamps].sort()).toEqual(stamps);
    },
  },
  {
    name: "a follow gives lines as they come and ends when the container has ended",
    async run(bench) {
      const script = "echo first; sleep 2; i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); done";
      const pod = await bench.cluster.create("pods", shellPod(bench, script), bench);
      await untilPod(bench, pod, ({ status }) => status?.phase === "Running");
      const response = await openLog(bench, pod, { follow: true });
      const startedMs = Date.now();
      let firstMs: number | undefined;
      const chunks: Uint8Array[] = [];
      for await (const chunk of bodyOf(response)) {
        firstMs ??= Date.now() - startedMs;
        chunks.push(chunk);
      }
      const lines = Buffer.concat(chunks).toString().split("\n");
      expect(lines.map((line) => line.slice(31))).toEqual([
        "first",
        ...Array.from({ length: 200 }, (_, i) => `line ${i}`),
        "",
      ]);
      expect(firstMs).toBeLessThan(1_500);
    },
  },
  {
    name: "sinceTime counts in whole seconds",
    async run(bench) {
      const { pod } = await runScript(bench, "echo early; sleep 2.2; echo a; echo b; echo c");
      const lines = (await textOf(await openLog(bench, pod))).split("\n").filter(Boolean);
      const last = lines.at(-1)?.slice(0, 30) ?? "";
      const sameSecond = lines.filter((line) => line.slice(0, 19) >= last.slice(0, 19));
      const since = await textOf(await openLog(bench, pod, { sinceTime: last }));
      expect(since.split("\n").filter(Boolean)).toEqual(sameSecond);
      expect(sameSecond.length).toBeGreaterThan(1);
      expect(since).not.toContain("early");
    },
  },
  {
    name: "a line of 40 kB is one line with one timestamp",
    async run(bench) {
      const { pod } = await runScript(
        bench,
        "i=0; while [ $i -lt 4000 ]; do printf 0123456789; i=$((i+1)); done; echo; echo next",
      );
      const text = await textOf(await openLog(bench, pod));
      expect(text).toMatch(new RegExp(`^${stamp} (0123456789){4000}\\n${stamp} next\\n$`));
    },
  },
  {
    name: "a last line without a newline comes without one",
    async run(bench) {
      const { pod } = await runScript(bench, "echo whole; printf torn");
      expect(await logOf(bench, pod)).toBe("whole\ntorn");
      expect(await textOf(await openLog(bench, pod))).toMatch(new RegExp(`^${stamp} whole\\n${stamp} torn$`));
    },
  },
  {
    name: "stdout and stderr come in one log",
    async run(bench) {
      const { log } = await runScript(bench, "echo out; sleep 0.2; echo err >&2; sleep 0.2; echo again");
      expect(log).toBe("out\nerr\nagain\n");
    },
  },
  {
    name: "a line of the other stream is glued into a long unfinished one, without a timestamp of its own",
    async run(bench) {
      const script =
        "i=0; while [ $i -lt 2500 ]; do printf 0123456789; i=$((i+1)); done; sleep 1; echo err >&2; sleep 1; echo rest";
      const { pod } = await runScript(bench, script);
      const text = await textOf(await openLog(bench, pod));
      const long = "0123456789".repeat(2500);
      expect(text).toMatch(new RegExp(`^${stamp} `));
      expect(text.slice(31)).toMatch(new RegExp(`^${long.slice(0, 16384)}err\\n${stamp} ${long.slice(16384)}rest\\n$`));
    },
  },
  {
    name: "bytes that are no text come as they are",
    async run(bench) {
      const { pod } = await runScript(bench, "printf 'a\\377b\\rc\\033[31m\\n'");
      const response = await openLog(bench, pod);
      const chunks: Uint8Array[] = [];
      for await (const chunk of bodyOf(response)) chunks.push(chunk);
      expect(Buffer.concat(chunks).subarray(31).toString("latin1")).toBe("a\xffb\rc\x1b[31m\n");
    },
  },
  {
    name: "tailLines, limitBytes and their limits",
    async run(bench) {
      const { pod } = await runScript(bench, "echo one; echo two; echo three");
      expect(await logOf(bench, pod, "tailLines=2")).toBe("two\nthree\n");
      expect(await logOf(bench, pod, "tailLines=0")).toBe("");
      expect(await logOf(bench, pod, "limitBytes=6")).toBe("one\ntw");
      expect(await logOf(bench, pod, "tailLines=99")).toBe("one\ntwo\nthree\n");
      const message = async (query: string) => (await statusOf(bench, pod, query)).json.message;
      const name = pod.metadata?.name;
      expect(await message("tailLines=-1")).toBe(
        `PodLogOptions "${name}" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0`,
      );
      expect(await message("sinceSeconds=0")).toBe(
        `PodLogOptions "${name}" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0`,
      );
      expect(await message("sinceTime=abc")).toBe(
        'parsing time "abc" as "2006-01-02T15:04:05Z07:00": cannot parse "abc" as "2006"',
      );
    },
  },
  {
    name: "sinceSeconds leaves out what is older",
    async run(bench) {
      const pod = await bench.cluster.create("pods", shellPod(bench, "echo old; sleep 4; echo new; sleep 60"), bench);
      await until("both lines", bench, async () => ((await logOf(bench, pod)).includes("new") ? true : undefined));
      expect(await logOf(bench, pod, "sinceSeconds=2")).toBe("new\n");
    },
  },
  {
    name: "a pod without a node answers 204 and nothing",
    async run(bench) {
      const pod = await bench.cluster.create(
        "pods",
        shellPod(bench, "true", { spec: { nodeSelector: { none: "x" } } }),
        bench,
      );
      const { name, namespace } = refTo(pod);
      const path = `/api/v1/namespaces/${namespace}/pods/${name}/log?follow=true`;
      expect(refusalOf(await openLog(bench, pod, { follow: true }))).toMatchObject({ kind: "invalid", status: 204 });
      expect(await bench.http("GET", path)).toMatchObject({ status: 204, text: "" });
    },
  },
  {
    name: "a container that has not started is 400, with the reason it waits for",
    async run(bench) {
      const stuck = shellPod(bench, "true", { container: { image: "no-such-image:1" } });
      const pod = await bench.cluster.create("pods", stuck, bench);
      const name = pod.metadata?.name;
      const texts = ["image can't be pulled", "trying and failing to pull image"];
      const answer = await until("an answer about the image", bench, async () => {
        const found = await statusOf(bench, pod, "container=main&follow=true");
        return texts.some((text) => found.json.message?.endsWith(text)) ? found : undefined;
      });
      expect(answer).toMatchObject({ status: 400, json: { reason: "BadRequest" } });
      expect(answer.json.message).toMatch(new RegExp(`^container "main" in pod "${name}" is waiting to start: `));
    },
  },
  {
    name: "while an init container runs the main one is waiting to start",
    async run(bench) {
      const slow = shellPod(bench, "true", {
        spec: { initContainers: [shellContainer("slow", "echo busy; sleep 60")] },
      });
      const pod = await bench.cluster.create("pods", slow, bench);
      const busy = await until("the init container's line", bench, async () => {
        const text = await logOf(bench, pod, "container=slow");
        return text === "busy\n" ? text : undefined;
      });
      expect(busy).toBe("busy\n");
      const main = await statusOf(bench, pod, "container=main");
      expect(main.json.message).toBe(
        `container "main" in pod "${pod.metadata?.name}" is waiting to start: PodInitializing`,
      );
    },
  },
  {
    name: "missing pods, unknown containers and earlier attempts have no log",
    async run(bench) {
      const { pod } = await runScript(bench, "true");
      const missing = { metadata: { name: "nope", namespace: bench.namespace } };
      expect(await statusOf(bench, missing, "")).toMatchObject({
        status: 404,
        json: { message: 'pods "nope" not found' },
      });
      expect(await statusOf(bench, pod, "container=other")).toMatchObject({
        status: 400,
        json: { message: `container other is not valid for pod ${pod.metadata?.name}` },
      });
      expect((await statusOf(bench, pod, "previous=true")).json.message).toBe(
        `previous terminated container "main" in pod "${pod.metadata?.name}" not found`,
      );
      const two = shellPod(bench, "true", { spec: { containers: [shellContainer("second", "true")] } });
      const both = await bench.cluster.create("pods", two, bench);
      await pause(100);
      expect((await statusOf(bench, both, "")).json.message).toBe(
        `a container name must be specified for pod ${both.metadata?.name}, choose one of: [main second]`,
      );
    },
  },
];
