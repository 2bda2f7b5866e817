import type { FailureFamily } from "../lib/failure-family.ts";
import type { OpencodeError } from "./event-error.ts";

export type DiagnosisKind =
  | "unknown-session"
  | "context-overflow"
  | "provider-quota"
  | "provider-auth"
  | "provider-unavailable"
  | "model-unknown"
  /** It is damaged, or of a version that this OpenCode does not read. */
  | "database-unusable"
  /** It may be sound: what it stands on did not let OpenCode read or write it now. */
  | "database-blocked"
  | "config-invalid"
  | "answer-refused"
  | "permission-rejected"
  /** There is no `opencode` in the image, or what it needs to start is not there. */
  | "program-missing"
  /** There is one, and this machine cannot run it. */
  | "program-unusable"
  | "no-answer"
  | "failed";

/** What is known of the error that ended a run. */
export interface FailureFacts {
  error?: OpencodeError;
  /** OpenCode's own words, from the event or from stderr. */
  words: string;
}

/** One failure that can be told by OpenCode's words. */
export interface KnownFailure {
  kind: DiagnosisKind;
  /** In plain words, without a full stop: OpenCode's own words follow it. */
  meaning: string;
  /** OpenCode's words. */
  pattern: RegExp;
  /** Lets the HTTP status, OpenCode's name or the provider's code decide where the words do not. */
  decides?(error: OpencodeError): boolean;
  /** Words as seen, with 1.18.33 unless it says otherwise. */
  samples: readonly string[];
  hint?: string;
  family?: FailureFamily;
}

function isStatus(error: OpencodeError, ...statuses: number[]): boolean {
  return error.statusCode !== undefined && statuses.includes(error.statusCode);
}

/** In the order in which they are tried: what is specific comes first. */
export const knownFailures: readonly KnownFailure[] = [
  {
    // Before the provider's: "permission denied" and "quota exceeded" are a file system's words too.
    kind: "failed",
    meaning: "OpenCode cannot use a file or folder that it needs",
    pattern: /\b(?:EACCES|EPERM|EROFS|ENOSPC|EDQUOT|EMFILE|ENFILE|ENAMETOOLONG): /,
    samples: [
      "EACCES: permission denied, mkdir '/paperclip/x'",
      "EROFS: read-only file system, open '/etc/x'",
      "ENOSPC: no space left on device, write",
    ],
    hint: "Check that the path is on a volume with room that user 1000 may write, and that no limit of the node is reached.",
  },
  {
    kind: "unknown-session",
    meaning: "OpenCode does not know the session that was to be continued",
    pattern:
      /session not found|unknown session|no such session|resource not found: \S{0,300}\/storage\/session\/|must start with \\?"ses/i,
    samples: [
      "Session not found",
      "NotFoundError: Session not found: ses_does_not_exist", // 1.3.2, which exits with 0
      // 1.1.65, which exits with 0
      "NotFoundError: Resource not found: /agent/home/.local/share/opencode/storage/session/global/ses_0.json",
    ],
  },
  {
    kind: "context-overflow",
    meaning: "The session has grown over what the model can read",
    pattern:
      /maximum context length|context[ _]length[ _]exceeded|context window|prompt is too long|input is too long|exceeds? the (?:model's )?context/i,
    decides: (error) =>
      error.name === "ContextOverflowError" || /context_length_exceeded|context_window/.test(error.providerCode ?? ""),
    samples: [
      "This model's maximum context length is 128000 tokens. However, your messages resulted in 200000 tokens.",
      "prompt is too long: 210000 tokens > 200000 maximum", // Anthropic API
    ],
    hint: "The next run starts a fresh session; a smaller task or a model with a larger context helps too.",
  },
  {
    kind: "provider-quota",
    meaning: "The model's provider refuses more requests for now",
    pattern:
      /rate.?limit|too many requests|quota|insufficient (?:credits?|balance|funds)|credit balance|usage limit|free usage exceeded|resource.?exhausted/i,
    decides: (error) => isStatus(error, 402, 429),
    samples: [
      "You exceeded your current quota, please check your plan and billing details.",
      "Rate limit reached for requests.",
      "AI_APICallError: Rate limit reached for requests.",
    ],
    family: "provider_quota",
  },
  {
    kind: "model-unknown",
    meaning: "The model is not known",
    pattern:
      /model not found|ModelNotFoundError|provider not found|"undefined\/[^"]{0,200}" cannot be parsed as a URL|model [^.]{0,200}(?:does not exist|is not supported|not available)/i,
    decides: (error) => error.providerCode === "model_not_found",
    samples: [
      "ProviderModelNotFoundError: Model not found: scripted/nothing.",
      '"undefined/chat/completions" cannot be parsed as a URL.', // a provider that nobody has defined
      "The model 'scripted' does not exist or you do not have access to it.",
    ],
    hint: "Check the model setting against `opencode models` in the agent's image, and that its provider is spelt right and has a key.",
  },
  {
    kind: "provider-auth",
    meaning: "The model's provider does not accept the credentials",
    pattern: /api.?key|unauthorized|authentication|invalid.{0,20}(?:token|credentials)|permission denied/i,
    decides: (error) => isStatus(error, 401, 403) || error.name === "ProviderAuthError",
    samples: ["Incorrect API key provided: sk-test."],
    hint: "Check the provider's key in the agent's env or in Paperclip's Deployment.",
  },
  {
    kind: "database-blocked",
    meaning: "OpenCode could not read or write the agent's database",
    pattern:
      /database (?:table )?is locked|database or disk is full|disk I\/O error|readonly database|SQLITE_(?:BUSY|LOCKED|FULL|IOERR|READONLY)/i,
    samples: [
      "database is locked",
      "database or disk is full",
      "disk I/O error",
      "attempt to write a readonly database",
    ], // SQLite's own
    hint: "The database is kept as it was. Check that the node's disk, or the volume of the database, has room and can be written.",
    family: "transient_upstream",
  },
  {
    kind: "database-unusable",
    meaning: "OpenCode cannot use the agent's database",
    pattern:
      /NOT NULL constraint failed|database disk image is malformed|file is not a database|unable to open database|no such (?:table|column)|has no column named|SQLITE_|SQLiteError|query of the database failed/i,
    samples: [
      "database disk image is malformed",
      "unable to open database file",
      "file is not a database",
      "SQLiteError: no such table: part",
      "NOT NULL constraint failed: session_message.seq", // a database of 1.4 met by a later version
    ],
  },
  {
    kind: "config-invalid",
    meaning: "OpenCode does not accept its configuration",
    pattern: /configuration is invalid|is not valid JSON|config(?:uration)? .{0,200}invalid|ConfigInvalidError/i,
    samples: [
      "Config file at OPENCODE_CONFIG_CONTENT is not valid JSON(C):",
      'Configuration is invalid at OPENCODE_CONFIG_CONTENT ↳ Expected "manual" | "auto" | "disabled", got "perhaps" share',
    ],
    hint: "Correct the file or variable that the message names.",
  },
  {
    kind: "answer-refused",
    meaning: "The provider withheld the model's answer",
    pattern: /content filter/i,
    decides: (error) => error.name === "ContentFilterError",
    samples: ["The response was blocked by the provider's content filter"],
    hint: "Word the task differently, or use another model.",
  },
  {
    kind: "provider-unavailable",
    meaning: "The model's provider failed or cannot be reached",
    pattern:
      /overloaded|server.?error|service unavailable|bad gateway|gateway time-?out|unable to connect|cannot connect|connection (?:error|refused|reset|closed|lost)|socket|ConnectionRefused|ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|timed? ?out|fetch failed|network error|unexpected (?:EOF|end)|terminated|stream error/i,
    decides: (error) => (error.statusCode ?? 0) >= 500 || isStatus(error, 408) || error.isRetryable === true,
    samples: [
      "The engine is currently overloaded.",
      "Connection reset by server",
      "Cannot connect to API: Unable to connect. Is the computer able to access the url?",
    ],
    family: "transient_upstream",
  },
];
