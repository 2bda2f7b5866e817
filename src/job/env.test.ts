import { describe, expect, test } from "vitest";
import { host, jobRequest, type RequestChanges } from "../../test/support/job-request.ts";
import { serverSecrets } from "../host/server-secrets.ts";
import { buildEnvironment } from "./env.ts";

function environment(changes: RequestChanges = {}) {
  return buildEnvironment(jobRequest(changes), "run-env");
}

/** What stands in the pod for a variable: its value, or where it comes from. */
function variable(name: string, changes: RequestChanges = {}) {
  const { env } = environment(changes);
  const found = env.filter((candidate) => candidate.name === name);
  expect(found.length, `${name} stands once at most`).toBeLessThan(2);
  return found[0];
}

const fromRunSecret = (key: string) => ({ name: key, valueFrom: { secretKeyRef: { name: "run-env", key } } });

describe("layers, later ones over earlier ones", () => {
  const inherited = host({ env: [{ name: "X", value: "inherited" }], envFrom: [] });

  test("an inherited variable reaches the agent, by the run's Secret", () => {
    expect(variable("X", { host: inherited })).toEqual(fromRunSecret("X"));
    expect(environment({ host: inherited }).secret["X"]).toBe("inherited");
  });

  test("the agent's own value beats the inherited one", () => {
    expect(variable("X", { host: inherited, env: { plain: { X: "own" }, secret: {} } })).toEqual({
      name: "X",
      value: "own",
    });
  });

  test("a secret value beats a plain one, and the plain one stands nowhere", () => {
    const changes = { host: inherited, env: { plain: { X: "plain" }, secret: { X: "hidden" } } };
    expect(variable("X", changes)).toEqual(fromRunSecret("X"));
    expect(environment(changes).secret["X"]).toBe("hidden");
  });

  test("a plain value over an inherited key leaves nothing of it in the Secret", () => {
    const changes = {
      host: host({ env: [{ name: "MY_TOKEN", value: "inherited" }] }),
      env: { plain: { MY_TOKEN: "own" }, secret: {} },
    };
    expect(variable("MY_TOKEN", changes)).toEqual({ name: "MY_TOKEN", value: "own" });
    expect(environment(changes).secret).not.toHaveProperty("MY_TOKEN");
  });

  test("what the launcher needs cannot be set by the agent's env", () => {
    const plain = { OPENCODE_DB: "/elsewhere", OPENCODE_K8S_NONCE: "mine", OPENCODE_CONFIG_CONTENT: "{}" };
    const changes = { env: { plain, secret: {} } };
    expect(variable("OPENCODE_DB", changes)?.value).toBe("/opencode-run/db/opencode.db");
    expect(variable("OPENCODE_K8S_NONCE", changes)?.value).toBe("0123456789abcdef01");
    expect(variable("OPENCODE_CONFIG_CONTENT", changes)).toEqual(fromRunSecret("OPENCODE_CONFIG_CONTENT"));
  });

  test("a later layer stands later, so that it may refer to what came before", () => {
    const { env } = environment({ env: { plain: { NODE_ENV: "development" }, secret: {} } });
    const names = env.map(({ name }) => name);
    expect(names.indexOf("NODE_ENV")).toBeGreaterThan(names.indexOf("HTTPS_PROXY"));
  });
});

describe("places", () => {
  test("HOME is the shared volume, temporary files and caches are the run's own", () => {
    expect(variable("HOME")?.value).toBe("/paperclip");
    for (const name of ["TMPDIR", "XDG_CACHE_HOME", "XDG_STATE_HOME"]) {
      expect(variable(name)?.value).toMatch(/^\/opencode-run\//);
    }
  });

  test("without a shared volume HOME is a folder of the run that user 1000 can write", () => {
    expect(variable("HOME", { host: undefined })?.value).toBe("/opencode-run/home");
  });

  test("cache of the fleet on the shared home filled it up: the agent's own settings may move each of them", () => {
    const changes = { env: { plain: { XDG_CACHE_HOME: "/cache", HOME: "/agents/me" }, secret: {} } };
    expect(variable("XDG_CACHE_HOME", changes)?.value).toBe("/cache");
    expect(variable("HOME", changes)?.value).toBe("/agents/me");
  });

  test("environment inherited without its volume, /runtime-cache EACCES: Paperclip's own places stay with Paperclip", () => {
    const own = ["HOME", "HOSTNAME", "PWD", "PORT", "HOST", "NODE_OPTIONS"].map((name) => ({ name, value: "/server" }));
    const { env } = environment({ host: host({ env: own }) });
    expect(env.filter(({ value }) => value === "/server")).toEqual([]);
  });

  test("production was inherited, and npm left development dependencies out: an agent develops, unless told otherwise", () => {
    const inherited = { host: host({ env: [{ name: "NODE_ENV", value: "production" }] }) };
    expect(variable("NODE_ENV", inherited)?.value).toBe("development");
    const changes = { ...inherited, env: { plain: { NODE_ENV: "production" }, secret: {} } };
    expect(variable("NODE_ENV", changes)?.value).toBe("production");
  });

  test("OPENCODE_DB is a file: given a directory OpenCode does not start", () => {
    expect(variable("OPENCODE_DB")?.value).toMatch(/\/opencode\.db$/);
    const dedicated = variable("OPENCODE_DB", { settings: { agentDbMode: "dedicated_pvc" } });
    expect(dedicated?.value).toBe("/opencode-db/opencode.db");
  });
});

describe("the saved database", () => {
  test("is carried on the shared volume in ephemeral mode", () => {
    expect(variable("OPENCODE_K8S_SAVED_DB")?.value).toBe(`/paperclip/.opencode-k8s/${jobRequest().agent.id}`);
  });

  test.each<[string, RequestChanges]>([
    ["with a claim of the agent's own", { settings: { agentDbMode: "dedicated_pvc" } }],
    ["outside a cluster", { host: undefined }],
    ["on a volume that is read only", { host: host({ sharedVolume: { claimName: "x", readOnly: true } }) }],
  ])("is not carried %s", (_, changes) => {
    expect(variable("OPENCODE_K8S_SAVED_DB", changes)).toBeUndefined();
  });

  test("of an odd agent id stays one folder below its parent", () => {
    const saved = variable("OPENCODE_K8S_SAVED_DB", { agent: { id: "../../etc", name: "x" } })?.value;
    expect(saved).toBe("/paperclip/.opencode-k8s/.._.._etc");
  });
});

describe("secrets", () => {
  test("an inherited literal whose name says that it is secret goes into the run's Secret, as the container saw it", () => {
    const changes = { host: host({ env: [{ name: "OPENAI_API_KEY", value: "sk-$$1" }] }) };
    expect(variable("OPENAI_API_KEY", changes)).toEqual(fromRunSecret("OPENAI_API_KEY"));
    expect(environment(changes).secret["OPENAI_API_KEY"]).toBe("sk-$1");
  });

  test.each([
    ["HTTPS_PROXY", "http://proxy-user:hunter2@proxy.example.com:3128"],
    ["ALERTS", "https://hooks.example.com/services/T0/B0/hunter2"],
    ["GITLAB_PAT", "hunter2"],
    ["APP_DB", "postgres://app:hunter2@db/app"],
    ["COSTS", "$(hunter2"],
  ])(
    "a password in %s stood in every pod: a name does not tell what is secret, so no inherited value stands there",
    (name, value) => {
      const changes = { host: host({ env: [{ name, value }] }) };
      expect(JSON.stringify(environment(changes).env)).not.toContain("hunter2");
      expect(environment(changes).secret[name]).toBe(value);
    },
  );

  test("a name that no Secret takes as a key has another one there", () => {
    const names = ["A B", "A=B", "x".repeat(254)];
    const { env, secret } = environment({ host: host({ env: names.map((name) => ({ name, value: name })) }) });
    for (const name of names) {
      const key = env.find((candidate) => candidate.name === name)?.valueFrom?.secretKeyRef?.key ?? "";
      expect(key).toMatch(/^[-._A-Za-z0-9]{1,253}$/);
      expect(secret[key]).toBe(name);
    }
  });

  test.each([
    ["Bearer $(OTHER)", "a reference to another variable stays, as only the kubelet can fill it in"],
    ["$$$(OTHER)", "behind an escaped dollar it still is one"],
  ])("%s: %s", (value) => {
    expect(variable("AUTH_HEADER", { host: host({ env: [{ name: "AUTH_HEADER", value }] }) })?.value).toBe(value);
  });

  test("what refers to an inherited value still finds it: that stands before it, in the Secret or not", () => {
    const env = [
      { name: "PROXY_HOST", value: "proxy.example.com" },
      { name: "PROXY", value: "http://$(PROXY_HOST):3128" },
    ];
    const names = environment({ host: host({ env }) }).env.map(({ name }) => name);
    expect(names.indexOf("PROXY_HOST")).toBeLessThan(names.indexOf("PROXY"));
  });

  test("the server's own secrets are blanked when the environment comes in bulk", () => {
    for (const { name } of serverSecrets) expect(variable(name)).toEqual({ name, value: "" });
  });

  test("a later name of the same family is blanked where the Secrets' keys showed it", () => {
    const bulkSecrets = ["PAPERCLIP_SECRETS_MASTER_KEY_PREVIOUS", "DATABASE_URL"];
    for (const name of bulkSecrets)
      expect(variable(name, { host: host({ bulkSecrets }) })).toEqual({ name, value: "" });
    expect(environment({ host: host({ bulkSecrets }) }).own.has("PAPERCLIP_SECRETS_MASTER_KEY_PREVIOUS")).toBe(true);
  });

  test("nothing is blanked without envFrom", () => {
    const { env } = environment({ host: host({ envFrom: [] }) });
    expect(env.some(({ name }) => name === "DATABASE_URL")).toBe(false);
  });

  test("a value of the agent's own beats the blank", () => {
    const changes = { env: { plain: {}, secret: { DATABASE_URL: "postgres://mine" } } };
    expect(variable("DATABASE_URL", changes)).toEqual(fromRunSecret("DATABASE_URL"));
  });

  test("the Secret holds exactly what refers to it", () => {
    const { env, secret } = environment({ host: host({ env: [{ name: "A_TOKEN", value: "t" }] }) });
    const keys = env.filter(({ valueFrom }) => valueFrom?.secretKeyRef?.name === "run-env").map(({ name }) => name);
    expect(Object.keys(secret).sort()).toEqual(keys.sort());
  });
});

describe("the prompt", () => {
  test("over several variables keeps its order and says how many there are", () => {
    const parts = Array.from({ length: 12 }, (_, index) => `part ${index} costs $(HOME)`);
    const { env } = environment({ prompt: { kind: "env", parts } });
    const byName = new Map(env.map(({ name, value }) => [name, value]));
    expect(byName.get("OPENCODE_K8S_PROMPT_PARTS")).toBe("12");
    const joined = parts.map((_, index) => byName.get(`OPENCODE_K8S_PROMPT_${index}`)?.replaceAll("$$", "$"));
    expect(joined).toEqual(parts);
  });

  test("in Secrets is a file, and no variable holds any of it", () => {
    const { env } = environment({ prompt: { kind: "secret", secrets: [[Buffer.from("x")]] } });
    expect(env.filter(({ name }) => name.startsWith("OPENCODE_K8S_PROMPT"))).toEqual([
      { name: "OPENCODE_K8S_PROMPT_FILE", value: "/opencode-prompt/prompt" },
    ]);
  });
});

test("the folder to work in is said to the launcher, which makes it", () => {
  expect(variable("OPENCODE_K8S_CWD")?.value).toBe("/paperclip/work");
  expect(variable("OPENCODE_K8S_CWD", { cwd: "" })?.value).toBe("/opencode-run/work");
});

test("a second try says that the database is to be set aside, a first does not", () => {
  expect(variable("OPENCODE_K8S_DISCARD_DB", { discardDatabase: true })?.value).toBe("1");
  expect(variable("OPENCODE_K8S_DISCARD_DB")).toBeUndefined();
});

test("project files of a checkout cannot configure the run", () => {
  expect(variable("OPENCODE_DISABLE_PROJECT_CONFIG")?.value).toBe("true");
});

test("inherited variables and places are not the run's own, everything else is", () => {
  const { own } = environment();
  for (const name of ["NODE_ENV", "HTTPS_PROXY", "HOME", "TMPDIR"]) expect(own.has(name)).toBe(false);
  for (const name of ["PAPERCLIP_API_KEY", "PAPERCLIP_RUN_ID", "OPENCODE_DB", "DATABASE_URL"])
    expect(own.has(name)).toBe(true);
});
