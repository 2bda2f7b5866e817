import { expect, test } from "vitest";
import { paperclipDir } from "../../scripts/paperclip/location.ts";
import { secretNamesOf, undecidedNames } from "../../scripts/paperclip/secret-names.ts";

test("of every secret in the installed server's code it is decided whether agents may have it", () => {
  const names = secretNamesOf(paperclipDir);
  expect([...names.keys()]).toEqual(
    expect.arrayContaining(["PAPERCLIP_SECRETS_MASTER_KEY", "BETTER_AUTH_SECRET", "PAPERCLIP_DECISION_SIGNING_SECRET"]),
  );
  expect(undecidedNames(names)).toEqual([]);
});

test("a name that nobody knows is told", () => {
  expect(undecidedNames(new Map([["PAPERCLIP_NEW_KEY", "server.js"]]))).toEqual(["PAPERCLIP_NEW_KEY"]);
});
