import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isServerSecret } from "../../src/host/server-secrets.ts";

/** Packages whose code runs in Paperclip's server, or is given its environment there. */
const packages = ["paperclipai", "@paperclipai/server", "@paperclipai/db", "@paperclipai/shared"];

const secretEnding =
  "(?:KEY|KEYS|SECRET|SECRETS|TOKEN|TOKENS|PASSWORD|PASSWD|PASSFILE|CREDENTIAL|CREDENTIALS|COOKIE|PEM|SALT|DSN|DATABASE_URL|MIGRATION_URL|SERVICE_ACCOUNT_JSON|AUTH_STORE)(?:_FILE|_PATH)?";

/** How code reads a variable (`process.env.NAME`, `env["NAME"]`), and how it lists names (`"NAME"`). */
const patterns = [
  new RegExp(`\\b\\w*[eE]nv(?:ironment)?\\??\\.\\s*([A-Z][A-Z0-9_]*${secretEnding})\\b`, "g"),
  new RegExp(`["'\`]([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_${secretEnding})["'\`]`, "g"),
];

/** What is not the server's own, by the reason. A new name must be put here or on the list of `server-secrets.ts`. */
const otherNames = {
  "a model provider's key, which agents need": [
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CODEX_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
    "GROK_API_KEY",
    "KIMI_API_KEY",
    "KIMI_MODEL_API_KEY",
    "MOONSHOT_API_KEY",
    "NOVITA_API_KEY",
    "OPENAI_API_KEY",
    "OPENROUTER_API_KEY",
    "XAI_API_KEY",
  ],
  "a login at a cloud, at git or at a service, which agents need": [
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "DISCORD_BOT_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "GH_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "GITHUB_TOKEN",
    "PAPERCLIP_GITHUB_TOKEN",
    "SLACK_BOT_TOKEN",
  ],
  "made by Paperclip for one run": [
    "PAPERCLIP_API_KEY",
    "PAPERCLIP_GITHUB_BRIDGE_TOKEN",
    "PAPERCLIP_GITHUB_BROKER_TOKEN",
    "PAPERCLIP_GIT_TOKEN",
    "PAPERCLIP_RUNTIME_TOOLS_TOKEN",
  ],
  "where errors are reported to, as every page of Paperclip's says": ["SENTRY_DSN"],
  "no variable": ["CLIENT_SECRET", "SANDBOX_CAPABILITY_KEYS", "SMOKE_LAB_FIXED_CLIENT_SECRET", "WAKE_COMMENT_IDS_KEY"],
};

/** Names in the installed server's code that look like secrets, with one file of each. */
export function secretNamesOf(paperclipDir: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const name of packages) {
    for (const file of scriptsIn(join(paperclipDir, "node_modules", name, "dist"))) {
      const text = readFileSync(file, "utf8");
      for (const pattern of patterns) for (const [, found = ""] of text.matchAll(pattern)) names.set(found, file);
    }
  }
  return names;
}

/** Those of which nobody has decided whether they are the server's own. */
export function undecidedNames(names: ReadonlyMap<string, string>): string[] {
  const others = new Set(Object.values(otherNames).flat());
  return [...names.keys()].filter((name) => !isServerSecret(name) && !others.has(name)).sort();
}

function scriptsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?js$/.test(entry.name) && !entry.name.includes(".test."))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/\/(__tests__|vendor)\//.test(file));
}
