import { expect, test } from "vitest";
import { withoutLogin } from "./without-login.ts";

test.each([
  ["https://github.com/org/repo.git", "https://github.com/org/repo.git"],
  ["https://x-access-token:CANARY@github.com/org/repo.git", "https://github.com/org/repo.git"],
  ["https://CANARY@github.com/org/repo", "https://github.com/org/repo"],
  ["HTTPS://ada:CANARY@Example.com:8443/a", "https://example.com:8443/a"],
  ["https://example.com/a?access_token=CANARY#CANARY", "https://example.com/a"],
  ["ssh://git@github.com/org/repo", "ssh://git@github.com/org/repo"],
  ["ssh://git:CANARY@host:22/org/repo", "ssh://git@host:22/org/repo"],
  ["git+ssh://git@host/x", "git+ssh://git@host/x"],
  ["git://CANARY@host/x", "git://host/x"],
  ["git@github.com:org/repo.git", "git@github.com:org/repo.git"],
  ["ada:CANARY@host:org/repo", "host:org/repo"],
  ["https://ada:CANARY@bad host/x", "https://bad host/x"],
  ["https://ada:CAN@ARY@host/x", "https://host/x"],
  ["https://ada:CANARY@host:99999999/x?t=CANARY", "https://host:99999999/x"],
  ["/srv/git/repo", "/srv/git/repo"],
  ["C:/repo", "C:/repo"],
  ["", ""],
])("%s is stored as %s", (address, stored) => {
  expect(withoutLogin(address)).toBe(stored);
});

test.each(["@", ":", "/", "a:", "@/", "?#", "git://"])("a megabyte of %j takes no time", (token) => {
  const startedAtMs = performance.now();
  withoutLogin(token.repeat(1_000_000 / token.length));
  expect(performance.now() - startedAtMs).toBeLessThan(1_000);
});
