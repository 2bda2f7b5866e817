import { describe, expect, test } from "vitest";
import type { Pod } from "../cluster/cluster.ts";
import type { EnvVariable, Volume } from "./host.ts";
import { extractHost, isServerKeyIn } from "./inherit.ts";

const fromSecret = (name: string, key: string, secret = "s"): EnvVariable => ({
  name,
  valueFrom: { secretKeyRef: { name: secret, key } },
});
const secretVolume = (name: string, secretName: string, ...keys: string[]): Volume => ({
  name,
  secret: { secretName, ...(keys.length === 0 ? {} : { items: keys.map((key) => ({ key, path: key })) }) },
});

/** Paperclip's pod with these variables, and each volume mounted at /mnt/NAME or where `at` says. */
function podOf(env: EnvVariable[], volumes: Volume[] = [], at: Record<string, string[]> = {}): Pod {
  const mounts = volumes.flatMap(({ name }) =>
    (at[name] ?? [`/mnt/${name}`]).map((mountPath) => ({ name, mountPath })),
  );
  return {
    metadata: { name: "p", namespace: "n" },
    spec: { containers: [{ name: "paperclip", image: "i", env, volumeMounts: mounts }], volumes },
  };
}

function inherited(...args: Parameters<typeof podOf>) {
  const host = extractHost(podOf(...args));
  return {
    names: host?.env.map(({ name }) => name),
    volumes: host?.mounts.map(({ volume }) => volume.name),
    mounts: host?.mounts,
  };
}

describe("a variable stays out", () => {
  test.each(["DATABASE_URL", "database-url", "paperclip_agent_jwt_secret", "pgpassword", "PAPERCLIP_X_PRIVATE_KEY"])(
    "whose key in a Secret or a ConfigMap is %s, whatever its own name",
    (key) => {
      const configMapKey = { name: "BAR", valueFrom: { configMapKeyRef: { name: "c", key } } };
      expect(inherited([fromSecret("FOO", key), configMapKey, fromSecret("KEPT", "api-key")]).names).toEqual(["KEPT"]);
    },
  );

  test("that takes the same key as one of the server's", () => {
    const env = [fromSecret("DATABASE_URL", "db"), fromSecret("FOO", "db"), fromSecret("OTHER", "db", "another")];
    expect(inherited(env).names).toEqual(["OTHER"]);
  });

  test("that has the same value as one of the server's, but not the same path or flag", () => {
    const env = [
      { name: "PGPASSWORD", value: "correct horse" },
      { name: "FOO", value: "correct horse" },
      { name: "BETTER_AUTH_SECRET", value: "true" },
      { name: "FLAG", value: "true" },
    ];
    expect(inherited(env).names).toEqual(["FLAG"]);
  });

  test.each([
    "PAPERCLIP_CONFIG",
    "DATABASE_URL_FILE",
    "PAPERCLIP_TOOL_OAUTH_SLACK_CLIENT_SECRET",
    "PAPERCLIP_NEW_SIGNING_SECRET",
  ])("called %s", (name) => {
    expect(inherited([{ name, value: "some value" }]).names).toEqual([]);
  });
});

describe("a volume stays out", () => {
  const config = secretVolume("config", "conf");
  const claim: Volume = { name: "data", persistentVolumeClaim: { claimName: "c" } };

  test.each([
    ["PAPERCLIP_CONFIG", "/mnt/config/config.json"],
    ["PAPERCLIP_CONFIG", "/mnt//config/../config/sub/config.json"],
    ["PAPERCLIP_CONFIG", "file:///mnt/config/config.json"],
    ["DATABASE_URL_FILE", "/mnt/config/url"],
    ["SMTP_PASSWORD_FILE", "/mnt/config/smtp"],
    ["MY_FILE", "/mnt/config"],
  ])("that %s=%s points into, with the variable", (name, value) => {
    expect(inherited([{ name, value }], [config, secretVolume("git", "git")])).toMatchObject({
      names: [],
      volumes: ["git"],
    });
  });

  test("that such a variable points into by another variable", () => {
    const env = [
      { name: "DIR", value: "/mnt/config" },
      { name: "PAPERCLIP_CONFIG", value: "$(DIR)/config.json" },
    ];
    expect(inherited(env, [config]).volumes).toEqual([]);
  });

  test("at all its places, and so do other volumes with the same keys", () => {
    const env = [{ name: "PAPERCLIP_SECRETS_MASTER_KEY_FILE", value: "/keys/master.key" }];
    const volumes = [
      secretVolume("keys", "server", "master.key"),
      secretVolume("all", "server"),
      secretVolume("same", "server", "x", "master.key"),
      secretVolume("rest", "server", "x"),
      secretVolume("other", "another", "master.key"),
    ];
    expect(inherited(env, volumes, { keys: ["/keys", "/mnt/elsewhere"] }).volumes).toEqual(["rest", "other"]);
  });

  test("whole, and then every part of that Secret: which of its keys the file is, nobody knows", () => {
    const env = [{ name: "PAPERCLIP_SECRETS_MASTER_KEY_FILE", value: "/mnt/keys/master.key" }];
    expect(inherited(env, [secretVolume("keys", "server"), secretVolume("rest", "server", "x")]).volumes).toEqual([]);
  });

  test("with the key that a variable of the server's takes, and with one that has its name", () => {
    const env = [fromSecret("DATABASE_URL", "db", "server")];
    const volumes = [
      secretVolume("all", "server"),
      secretVolume("named", "z", "database-url"),
      secretVolume("rest", "server", "git-token"),
    ];
    expect(inherited(env, volumes).volumes).toEqual(["rest"]);
  });

  test("a projected volume loses those parts alone", () => {
    const part = (name: string, key: string) => ({ secret: { name, items: [{ key, path: key }] } });
    const mixed = { name: "mixed", projected: { sources: [part("server", "DATABASE_URL"), part("git", "token")] } };
    const lost = { name: "lost", projected: { sources: [part("server", "DATABASE_URL")] } };
    expect(inherited([], [mixed, lost]).mounts).toMatchObject([
      { volume: { name: "mixed", projected: { sources: [part("git", "token")] } } },
    ]);
  });

  test("a ConfigMap with the server's settings, but not one that another variable names", () => {
    const volume: Volume = { name: "site", configMap: { name: "site" } };
    expect(inherited([{ name: "PAPERCLIP_CONFIG", value: "/mnt/site/config.json" }], [volume]).volumes).toEqual([]);
    expect(inherited([{ name: "CA_FILE", value: "/mnt/site/ca.pem" }], [volume])).toMatchObject({
      names: ["CA_FILE"],
      volumes: ["site"],
    });
  });

  test.each(["AWS_SHARED_CREDENTIALS_FILE", "SSL_CERT_FILE", "GOOGLE_CREDENTIALS_FILE", "GIT_CREDENTIALS_FILE"])(
    "but not what %s names: agents need that",
    (name) => {
      expect(inherited([{ name, value: "/mnt/config/x" }], [config])).toMatchObject({
        names: [name],
        volumes: ["config"],
      });
    },
  );

  test("but the shared claim goes on, and what lies on it, also where the server's files do", () => {
    const env = [
      { name: "PAPERCLIP_CONFIG", value: "/paperclip/instances/default/config.json" },
      { name: "PAPERCLIP_HOME", value: "/paperclip" },
    ];
    expect(inherited(env, [claim], { data: ["/paperclip"] }).names).toEqual(["PAPERCLIP_HOME"]);
    expect(extractHost(podOf(env, [claim], { data: ["/paperclip"] }))?.sharedVolume?.claimName).toBe("c");
  });
});

test("the keys of a Secret that comes in bulk are the server's by name, or by the variable that takes them", () => {
  const isServerKey = isServerKeyIn(podOf([fromSecret("DATABASE_URL", "db", "server")]));
  expect(isServerKey("server", "db")).toBe(true);
  expect(isServerKey("another", "db")).toBe(false);
  expect(isServerKey("another", "DATABASE_URL")).toBe(true);
});
