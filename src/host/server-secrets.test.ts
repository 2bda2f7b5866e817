import { expect, test } from "vitest";
import { isServerSecret, serverSecrets } from "./server-secrets.ts";

test("every listed name, and later ones of the same families, is the server's own", () => {
  for (const { name } of serverSecrets) expect(isServerSecret(name), name).toBe(true);
  expect(isServerSecret("PAPERCLIP_SECRETS_MASTER_KEY_PREVIOUS")).toBe(true);
  expect(isServerSecret("BETTER_AUTH_SECRETS")).toBe(true);
});

test.each(["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "PAPERCLIP_API_URL"])(
  "%s goes on to agents",
  (name) => {
    expect(isServerSecret(name)).toBe(false);
  },
);

test("no name stands twice", () => {
  expect(new Set(serverSecrets.map(({ name }) => name)).size).toBe(serverSecrets.length);
});
