// Writes what the documents take from the code: `node scripts/docs.ts`. With --check it writes nothing and ends with 1
// when something would change.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { blocks } from "./docs/blocks.ts";
import { buildConfigPage } from "./docs/config-page.ts";
import { buildEndingsPage } from "./docs/endings-page.ts";
import { buildErrorsPage } from "./docs/errors-page.ts";
import { buildParityPage } from "./docs/parity-page.ts";
import { buildPolicyPage } from "./docs/policy-page.ts";
import { firstDifference, replaceBlocks } from "./docs/replace-blocks.ts";
import { buildSecurityPage } from "./docs/security-page.ts";

const root = path.dirname(import.meta.dirname);
const check = process.argv.includes("--check");

/** Files with marked blocks; one that does not exist is passed over. */
const marked = ["README.md", "docs/hardening.md"];
/** Files that are generated as a whole. */
const whole: Readonly<Record<string, () => string>> = {
  "docs/config.md": buildConfigPage,
  "docs/errors.md": buildErrorsPage,
  "docs/parity.md": buildParityPage,
  "docs/endings.md": buildEndingsPage,
  "docs/policy.md": buildPolicyPage,
  "docs/security.md": buildSecurityPage,
};

const documents = [
  ...Object.entries(whole).map(([file, build]) => ({ file, found: read(file), expected: build() })),
  ...marked.flatMap((file) => {
    const found = read(file);
    return found === "" ? [] : [{ file, found, expected: replaceBlocks(found, blocks) }];
  }),
];

for (const { file, found, expected } of documents) {
  const difference = firstDifference(found, expected);
  if (difference === undefined) continue;
  if (check) {
    console.error(`${file} is not what the code says: run \`npm run docs\`.\n${difference}`);
    process.exitCode = 1;
  } else {
    writeFileSync(path.join(root, file), expected);
    console.log(`wrote ${file}`);
  }
}

function read(file: string): string {
  const place = path.join(root, file);
  return existsSync(place) ? readFileSync(place, "utf8") : "";
}
