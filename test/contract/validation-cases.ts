import { expect } from "vitest";
import type { Bench, ContractCase } from "./bench.ts";

const pod = (bench: Bench, spec: unknown, metadata: object = {}) =>
  bench.http("POST", `/api/v1/namespaces/${bench.namespace}/pods?dryRun=All`, {
    body: { apiVersion: "v1", kind: "Pod", metadata: { name: "v", ...metadata }, spec },
  });

const job = (bench: Bench, spec: object, podSpec: object = { restartPolicy: "Never", containers: [plain] }) =>
  bench.http("POST", `/apis/batch/v1/namespaces/${bench.namespace}/jobs?dryRun=All`, {
    body: {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "v" },
      spec: { ...spec, template: { spec: podSpec } },
    },
  });

const plain = { name: "c", image: "x" };
const withContainer = (fields: object) => ({ containers: [{ ...plain, ...fields }] });
const withSpec = (fields: object) => ({ ...fields, containers: [plain] });
const withEnv = (variable: object) => withContainer({ env: [variable] });

const labelRule =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

/** Pod specs the server refuses as invalid, and what it says. */
const invalidPods: [object, string][] = [
  [{ containers: [] }, "spec.containers: Required value"],
  [{ containers: [{ name: "c" }] }, "spec.containers[0].image: Required value"],
  [{ containers: [{ name: "C_x", image: "x" }] }, `spec.containers[0].name: Invalid value: "C_x": ${labelRule}`],
  [{ containers: [plain, plain] }, 'spec.containers[1].name: Duplicate value: "c"'],
  [
    withContainer({ image: " x" }),
    'spec.containers[0].image: Invalid value: " x": must not have leading or trailing whitespace',
  ],
  [
    withContainer({ imagePullPolicy: "Foo" }),
    'spec.containers[0].imagePullPolicy: Unsupported value: "Foo": supported values: "Always", "IfNotPresent", "Never"',
  ],
  [withEnv({ name: "", value: "x" }), "spec.containers[0].env[0].name: Required value"],
  [
    withEnv({ name: "a=b" }),
    "spec.containers[0].env[0].name: Invalid value: \"a=b\": a valid environment variable name must consist only of printable ASCII characters other than '='",
  ],
  [
    withEnv({ name: "A", value: "x", valueFrom: { secretKeyRef: { name: "a", key: "b" } } }),
    'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
  ],
  [
    withContainer({ volumeMounts: [{ name: "none", mountPath: "/x" }] }),
    'spec.containers[0].volumeMounts[0].name: Not found: "none"',
  ],
  [
    withSpec({
      volumes: [
        { name: "a", emptyDir: {} },
        { name: "a", emptyDir: {} },
      ],
    }),
    'spec.volumes[1].name: Duplicate value: "a"',
  ],
  [withSpec({ volumes: [{ name: "A_", emptyDir: {} }] }), `spec.volumes[0].name: Invalid value: "A_": ${labelRule}`],
  [
    withSpec({ volumes: [{ name: "a", secret: { secretName: "" } }] }),
    "spec.volumes[0].secret.secretName: Required value",
  ],
  [
    withContainer({ resources: { requests: { cpu: "2" }, limits: { cpu: "1" } } }),
    'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
  ],
  [
    withContainer({ resources: { requests: { cpu: "-1" } } }),
    'spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0',
  ],
  [
    withSpec({ restartPolicy: "Foo" }),
    'spec.restartPolicy: Unsupported value: "Foo": supported values: "Always", "OnFailure", "Never"',
  ],
  [
    withSpec({ activeDeadlineSeconds: 0 }),
    "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive",
  ],
  [
    withSpec({ tolerations: [{ operator: "Foo", key: "x" }] }),
    'spec.tolerations[0].operator: Unsupported value: "Foo": supported values: "Equal", "Exists"',
  ],
  [
    withSpec({ tolerations: [{ operator: "Exists", key: "x", value: "y" }] }),
    "spec.tolerations[0].operator: Invalid value: \"y\": value must be empty when `operator` is 'Exists'",
  ],
  [
    withSpec({ tolerations: [{ operator: "Exists", key: "x", effect: "Bad" }] }),
    'spec.tolerations[0].effect: Unsupported value: "Bad": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
  ],
  [withSpec({ hostname: "A_" }), `spec.hostname: Invalid value: "A_": ${labelRule}`],
  [
    withSpec({ dnsPolicy: "None" }),
    "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None",
  ],
];

/** Pod specs that cannot even be decoded. */
const undecodable: [object, string][] = [
  [
    withContainer({ resources: { requests: { cpu: "abc" } } }),
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
  [
    withEnv({ name: "A", value: 5 }),
    "json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string",
  ],
  [
    withSpec({ tolerations: "x" }),
    "json: cannot unmarshal string into Go struct field PodSpec.spec.tolerations of type []v1.Toleration",
  ],
];

/** Pod specs that admission refuses. */
const forbiddenPods: [object, string][] = [
  [withSpec({ runtimeClassName: "none" }), 'pod rejected: RuntimeClass "none" not found'],
  [withSpec({ priorityClassName: "none" }), "no PriorityClass with name none was found"],
];

const invalidJobs: [object, object | undefined, string][] = [
  [{}, { containers: [plain] }, 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  [
    {},
    { restartPolicy: "Never", containers: [{ name: "c" }] },
    "spec.template.spec.containers[0].image: Required value",
  ],
  [{ backoffLimit: -1 }, undefined, "spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0"],
];

export const validationCases: ContractCase[] = [
  {
    name: "a pod that cannot be is refused in the field's words",
    async run(bench) {
      for (const [spec, text] of invalidPods) {
        const { status, json } = await pod(bench, spec);
        expect([status, json.reason, json.message]).toEqual([422, "Invalid", `Pod "v" is invalid: ${text}`]);
      }
    },
  },
  {
    name: "a pod with a field of the wrong type is 400",
    async run(bench) {
      for (const [spec, text] of undecodable) {
        const { status, json } = await pod(bench, spec);
        expect([status, json.message]).toEqual([400, `Pod in version "v1" cannot be handled as a Pod: ${text}`]);
      }
      const labels = await pod(bench, withSpec({}), { labels: { a: 5 } });
      expect(labels.json.message).toContain(
        "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string",
      );
    },
  },
  {
    name: "a pod that names what does not exist is 403",
    async run(bench) {
      const account = `error looking up service account ${bench.namespace}/none: serviceaccount "none" not found`;
      for (const [spec, text] of [...forbiddenPods, [withSpec({ serviceAccountName: "none" }), account] as const]) {
        const { status, json } = await pod(bench, spec);
        expect([status, json.message]).toEqual([403, `pods "v" is forbidden: ${text}`]);
      }
    },
  },
  {
    name: "what is odd but allowed is taken",
    async run(bench) {
      for (const spec of [withEnv({ name: "a b", value: "x" }), withSpec({ terminationGracePeriodSeconds: -1 })]) {
        expect((await pod(bench, spec)).status).toBe(201);
      }
    },
  },
  {
    name: "a Job that cannot be is refused in the field's words",
    async run(bench) {
      for (const [spec, podSpec, text] of invalidJobs) {
        const { status, json } = await job(bench, spec, podSpec);
        expect([status, json.message]).toEqual([422, `Job.batch "v" is invalid: ${text}`]);
      }
      const typed = await job(bench, { backoffLimit: "x" });
      expect(typed.json.message).toBe(
        'Job in version "v1" cannot be handled as a Job: json: cannot unmarshal string into Go struct field JobSpec.spec.backoffLimit of type int32',
      );
    },
  },
  {
    name: "the server fills in what a Job leaves out",
    async run(bench) {
      const { json } = await job(bench, {});
      const { spec } = json as unknown as { spec: Record<string, unknown> };
      expect(spec).toMatchObject({
        parallelism: 1,
        completions: 1,
        backoffLimit: 6,
        suspend: false,
        completionMode: "NonIndexed",
        podReplacementPolicy: "TerminatingOrFailed",
        template: {
          metadata: { labels: { "batch.kubernetes.io/job-name": "v", "job-name": "v" } },
          spec: {
            restartPolicy: "Never",
            terminationGracePeriodSeconds: 30,
            dnsPolicy: "ClusterFirst",
            securityContext: {},
            schedulerName: "default-scheduler",
            containers: [
              {
                imagePullPolicy: "Always",
                resources: {},
                terminationMessagePath: "/dev/termination-log",
                terminationMessagePolicy: "File",
              },
            ],
          },
        },
      });
    },
  },
];
