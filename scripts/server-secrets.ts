/**
 * Lists the names in the installed Paperclip's code that look like secrets and are neither on the list of
 * `src/host/server-secrets.ts` nor known to be somebody else's. With any, it ends with code 1.
 */
import { paperclipDir } from "./paperclip/location.ts";
import { secretNamesOf, undecidedNames } from "./paperclip/secret-names.ts";

const names = secretNamesOf(paperclipDir);
const undecided = undecidedNames(names);
for (const name of undecided) console.log(`${name} (${names.get(name)})`);
if (undecided.length > 0) process.exitCode = 1;
