/**
 * What Paperclip's server reads from its environment to prove who it is or to open its own store (names read from the
 * server's code, 2026.916.1). An agent runs commands that a model wrote, so none of these may reach its pod. Keys of
 * model providers, git and clouds are not here: agents need them.
 */
export const serverSecrets = [
  { name: "DATABASE_URL", why: "opens Paperclip's database" },
  { name: "DATABASE_MIGRATION_URL", why: "opens Paperclip's database with the rights to change its schema" },
  { name: "PGPASSWORD", why: "opens Paperclip's database" },
  { name: "PGPASSFILE", why: "names the file that opens Paperclip's database" },
  { name: "POSTGRES_PASSWORD", why: "opens Paperclip's database" },
  { name: "BETTER_AUTH_SECRET", why: "signs the sessions of Paperclip's users" },
  { name: "PAPERCLIP_AGENT_JWT_SECRET", why: "signs the keys of all agents" },
  { name: "PAPERCLIP_SECRETS_MASTER_KEY", why: "opens every stored secret" },
  { name: "PAPERCLIP_SECRETS_MASTER_KEY_FILE", why: "names the file that opens every stored secret" },
  { name: "PAPERCLIP_TOOL_ACTION_SIGNING_SECRET", why: "signs approved tool calls" },
  { name: "PAPERCLIP_TOOL_OAUTH_CLIENT_SECRET", why: "is Paperclip's own login at tool providers" },
  { name: "PAPERCLIP_DECISION_SIGNING_SECRET", why: "signs decisions" },
  { name: "PAPERCLIP_WORKSPACE_HANDOFF_SECRET", why: "signs logins to workspaces" },
  { name: "PAPERCLIP_WORKSPACE_HANDOFF_KEY", why: "signs logins to a workspace" },
  { name: "PAPERCLIP_WORKSPACE_READINESS_TOKEN", why: "opens a workspace's readiness check" },
  { name: "PAPERCLIP_CLOUD_TENANT_SERVER_TOKEN", why: "lets a caller act as Paperclip's cloud" },
  { name: "PAPERCLIP_CLOUD_CONNECTOR_SIGN_PRIVATE_KEY", why: "is the server's identity at Paperclip's cloud" },
  { name: "PAPERCLIP_CLOUD_CONNECTOR_SEAL_PRIVATE_KEY", why: "opens what Paperclip's cloud sends" },
  { name: "PAPERCLIP_ID_CONNECTOR_SIGN_PRIVATE_KEY", why: "is the server's identity at Paperclip's login service" },
  { name: "PAPERCLIP_ID_CONNECTOR_SEAL_PRIVATE_KEY", why: "opens what Paperclip's login service sends" },
  { name: "PAPERCLIP_VERCEL_CONNECT_ACCESS_TOKEN", why: "is the server's login at Vercel" },
  { name: "VERCEL_OIDC_TOKEN", why: "is the server's identity at Vercel" },
  { name: "GOOGLE_SHEETS_SERVICE_ACCOUNT_JSON", why: "is Paperclip's own login for its Google Sheets tools" },
  { name: "GOOGLE_SHEETS_SERVICE_ACCOUNT_JSON_PATH", why: "names the file of that login" },
  { name: "DAYTONA_API_KEY", why: "is the server's login where it makes sandboxes" },
  { name: "E2B_API_KEY", why: "is the server's login where it makes sandboxes" },
  { name: "EXE_API_KEY", why: "is the server's login where it makes sandboxes" },
  { name: "PAPERCLIP_CONFIG", why: "names the file with the server's settings" },
  { name: "PAPERCLIP_AUTH_STORE", why: "names the file with the operator's logins" },
  { name: "PAPERCLIP_TELEMETRY_BACKEND_TOKEN", why: "is the server's login at the telemetry service" },
  { name: "PAPERCLIP_FEEDBACK_EXPORT_BACKEND_TOKEN", why: "is the server's login at the feedback service" },
  { name: "PAPERCLIP_DEV_SERVER_STATUS_TOKEN", why: "opens the server's status file" },
] as const;

/** Whatever a later server names this way is of the same kind. */
const families = [
  /^PAPERCLIP_SECRETS_MASTER_KEY/,
  /^BETTER_AUTH_SECRET/,
  /^PAPERCLIP_.*_(PRIVATE_KEY|SIGNING_SECRET|CLIENT_SECRET|JWT_SECRET)$/,
];

const names: ReadonlySet<string> = new Set(serverSecrets.map((secret) => secret.name));

/** Whether an environment variable belongs to the server alone. */
export function isServerSecret(name: string): boolean {
  // Images read what a variable would hold from the file that the same name with _FILE gives.
  return [name, name.replace(/_FILE$/, "")].some(
    (one) => names.has(one) || families.some((family) => family.test(one)),
  );
}
