import { expect } from "vitest";
import type { Bench, ContractCase } from "./bench.ts";
import { refTo, secretNamed, shellJob } from "./workloads.ts";

function secretsPath({ namespace }: Bench, name = ""): string {
  return `/api/v1/namespaces/${namespace}/secrets${name && `/${name}`}`;
}

const labelled = (bench: Bench, name: string, labels: Record<string, string>) => ({
  ...secretNamed(bench, name, {}),
  metadata: { name, namespace: bench.namespace, labels },
});

/** Create, read, list, change and delete, and how they are refused. */
export const objectCases: ContractCase[] = [
  {
    name: "a second create of the same name is refused with AlreadyExists",
    async run(bench) {
      const body = secretNamed(bench, "twice", { key: "value" });
      const first = await bench.http("POST", secretsPath(bench), { body });
      expect(first).toMatchObject({
        status: 201,
        json: { metadata: { name: "twice", uid: expect.any(String) }, type: "Opaque" },
      });
      const second = await bench.http("POST", secretsPath(bench), { body });
      expect(second).toMatchObject({
        status: 409,
        json: {
          message: 'secrets "twice" already exists',
          reason: "AlreadyExists",
          details: { name: "twice", kind: "secrets" },
        },
      });
    },
  },
  {
    name: "a missing object is 404 in the words of its resource",
    async run(bench) {
      const secret = await bench.http("GET", secretsPath(bench, "nope"));
      expect(secret).toMatchObject({ status: 404, json: { message: 'secrets "nope" not found', reason: "NotFound" } });
      const job = await bench.http("GET", `/apis/batch/v1/namespaces/${bench.namespace}/jobs/nope`);
      expect(job.json).toMatchObject({
        message: 'jobs.batch "nope" not found',
        details: { name: "nope", group: "batch", kind: "jobs" },
      });
      const kind = await bench.http("GET", `/apis/batch/v1/namespaces/${bench.namespace}/nopes`);
      expect(kind).toMatchObject({
        status: 404,
        json: { message: "the server could not find the requested resource" },
      });
    },
  },
  {
    name: "creating in a namespace that does not exist is 404 for the namespace",
    async run(bench) {
      const path = "/api/v1/namespaces/contract-no-such-one/secrets";
      const answer = await bench.http("POST", path, { body: { metadata: { name: "x" } } });
      expect(answer).toMatchObject({ status: 404, json: { message: 'namespaces "contract-no-such-one" not found' } });
      expect(await bench.http("GET", path)).toMatchObject({ status: 200, json: { items: [] } });
    },
  },
  {
    name: "lists select by labels: equal, unequal, in, notin, exists, not exists",
    async run(bench) {
      await bench.cluster.create("secrets", labelled(bench, "one", { app: "a", tier: "x" }), bench);
      await bench.cluster.create("secrets", labelled(bench, "two", { app: "b" }), bench);
      await bench.cluster.create("secrets", labelled(bench, "three", { app: "c", tier: "y" }), bench);
      const names = async (labelSelector: string) => {
        const { items } = await bench.cluster.list("secrets", bench.namespace, { ...bench, labelSelector });
        return items.map(({ metadata }) => metadata?.name);
      };
      expect(await names("app=a")).toEqual(["one"]);
      expect(await names("app==a,tier=x")).toEqual(["one"]);
      expect(await names("app!=a")).toEqual(["three", "two"]);
      expect(await names("app in (a, b)")).toEqual(["one", "two"]);
      expect(await names("app notin (a,b)")).toEqual(["three"]);
      expect(await names("tier")).toEqual(["one", "three"]);
      expect(await names("!tier")).toEqual(["two"]);
      expect(await names("tier notin (x)")).toEqual(["three", "two"]);
    },
  },
  {
    name: "a selector that cannot be read is 400",
    async run(bench) {
      const list = (query: string) => bench.http("GET", `${secretsPath(bench)}?${query}`);
      expect(await list("labelSelector=a%3Db%3Dc")).toMatchObject({
        status: 400,
        json: { message: "found '=', expected: ',' or 'end of string'", reason: "BadRequest" },
      });
      expect((await list("labelSelector=a%20in%20(b")).json.message).toBe(
        "unable to parse requirement: found '', expected: ',' or ')'",
      );
      expect((await list("fieldSelector=foo%3Db")).json.message).toBe("field label not supported: foo");
    },
  },
  {
    name: "lists select by name",
    async run(bench) {
      await bench.cluster.create("secrets", secretNamed(bench, "one", {}), bench);
      await bench.cluster.create("secrets", secretNamed(bench, "two", {}), bench);
      const { items } = await bench.cluster.list("secrets", bench.namespace, {
        ...bench,
        fieldSelector: "metadata.name=two",
      });
      expect(items.map(({ metadata }) => metadata?.name)).toEqual(["two"]);
    },
  },
  {
    name: "a delete for another uid is refused and the object stays",
    async run(bench) {
      const made = await bench.cluster.create("secrets", secretNamed(bench, "kept", {}), bench);
      const answer = await bench.http("DELETE", secretsPath(bench, "kept"), {
        body: { preconditions: { uid: "other" } },
      });
      const message = `Operation cannot be fulfilled on Secret "kept": the UID in the precondition (other) does not match the UID in record (${made.metadata?.uid}). The object might have been deleted and then recreated`;
      expect(answer).toMatchObject({
        status: 409,
        json: { message, reason: "Conflict", details: { name: "kept", kind: "Secret" } },
      });
      expect(await bench.cluster.read("secrets", refTo(made), bench)).toBeDefined();
      const ours = await bench.http("DELETE", secretsPath(bench, "kept"), {
        body: { preconditions: { uid: made.metadata?.uid } },
      });
      expect(ours).toMatchObject({
        status: 200,
        json: { status: "Success", details: { name: "kept", kind: "secrets" } },
      });
      expect(await bench.cluster.read("secrets", refTo(made), bench)).toBeUndefined();
    },
  },
  {
    name: "a Secret holds 1 MiB and not one byte more",
    async run(bench) {
      const limit = 1024 * 1024;
      await bench.cluster.create("secrets", secretNamed(bench, "full", { data: "x".repeat(limit) }), bench);
      const answer = await bench.http("POST", secretsPath(bench), {
        body: secretNamed(bench, "over", { data: "x".repeat(limit + 1) }),
      });
      expect(answer).toMatchObject({
        status: 422,
        json: {
          message: 'Secret "over" is invalid: data: Too long: may not be more than 1048576 bytes',
          reason: "Invalid",
          details: { causes: [{ reason: "FieldValueTooLong", field: "data" }] },
        },
      });
    },
  },
  {
    name: "names, label keys and label values are checked, all faults at once",
    async run(bench) {
      const body = { metadata: { name: "A_b", labels: { x: "a".repeat(64), "-bad": "a b" } } };
      const answer = await bench.http("POST", secretsPath(bench), { body });
      const { causes = [] } = answer.json.details ?? {};
      expect(answer.status).toBe(422);
      expect(causes.map(({ field }) => field)).toEqual([
        "metadata.name",
        ...Array.from({ length: 3 }, () => "metadata.labels"),
      ]);
      const texts = causes.map(({ message = "" }) => message);
      expect(texts).toContainEqual(expect.stringMatching(/must be no more than 63 (characters|bytes)/));
      expect(texts).toContainEqual(expect.stringContaining("name part must consist of alphanumeric characters"));
      expect(texts).toContainEqual(expect.stringContaining("a valid label must be an empty string or consist of"));
      expect(texts[0]).toContain("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters");
    },
  },
  {
    name: "requests that cannot be decoded are 400",
    async run(bench) {
      const post = async (body: object | string) => (await bench.http("POST", secretsPath(bench), { body })).json;
      expect(await post({ metadata: { name: "x", namespace: "other" } })).toMatchObject({
        code: 400,
        message: "the namespace of the provided object does not match the namespace sent on the request",
      });
      expect(await post({ metadata: { name: "x" }, data: { key: "!!!" } })).toMatchObject({
        code: 400,
        message: 'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0',
      });
      expect(await post("{bad")).toMatchObject({ code: 400, reason: "BadRequest" });
      expect(await post({ metadata: {} })).toMatchObject({
        code: 422,
        message: 'Secret "" is invalid: metadata.name: Required value: name or generateName is required',
      });
    },
  },
  {
    name: "a dry run answers as the real one and leaves nothing",
    async run(bench) {
      const made = await bench.cluster.create("jobs", shellJob(bench, "true"), { ...bench, dryRun: true });
      expect(made.metadata?.uid).toBeDefined();
      expect(await bench.cluster.read("jobs", refTo(made), bench)).toBeUndefined();
      const bad = { ...shellJob(bench, "true"), metadata: { name: "bad", labels: { x: "a b" } } };
      const answer = await bench.http("POST", `/apis/batch/v1/namespaces/${bench.namespace}/jobs?dryRun=All`, {
        body: bad,
      });
      expect(answer.status).toBe(422);
      const unknown = await bench.http("POST", `${secretsPath(bench)}?dryRun=x`, { body: { metadata: { name: "y" } } });
      expect(unknown.json.message).toContain('dryRun: Unsupported value: ["x"]: supported values: "All"');
    },
  },
  {
    name: "a generated name begins with its prefix",
    async run(bench) {
      const answer = await bench.http("POST", secretsPath(bench), { body: { metadata: { generateName: "made-" } } });
      expect(answer.json.metadata?.name).toMatch(/^made-[a-z0-9]{5}$/);
    },
  },
  {
    name: "a merge patch sets and removes, and minds the resourceVersion",
    async run(bench) {
      const made = await bench.cluster.create("secrets", labelled(bench, "patched", { old: "1", kept: "1" }), bench);
      const patch = { metadata: { labels: { old: null, fresh: "2" } } };
      const after = await bench.cluster.patch("secrets", refTo(made), { ...bench, patch });
      expect(after?.metadata?.labels).toEqual({ kept: "1", fresh: "2" });
      expect(
        await bench.cluster.patch("secrets", { ...refTo(made), name: "nope" }, { ...bench, patch }),
      ).toBeUndefined();
      const stale = { metadata: { resourceVersion: made.metadata?.resourceVersion, labels: { x: "y" } } };
      const contentType = "application/merge-patch+json";
      expect(await bench.http("PATCH", secretsPath(bench, "patched"), { body: stale, contentType })).toMatchObject({
        status: 409,
        json: {
          reason: "Conflict",
          message:
            'Operation cannot be fulfilled on secrets "patched": the object has been modified; please apply your changes to the latest version and try again',
        },
      });
      const typeless = await bench.http("PATCH", secretsPath(bench, "patched"), {
        body: patch,
        contentType: "application/json",
      });
      expect(typeless.status).toBe(415);
    },
  },
];
