/**
 * Whether a text can be the id of a session: `ses_` and 26 letters and digits in 1.0 to 1.18, which refuse what begins
 * otherwise. The id goes into labels, log lines, a command line and Paperclip's database, and an agent can write it.
 */
export function isSessionId(text: string): boolean {
  return text.length <= 128 && /^ses_[A-Za-z0-9_-]+$/.test(text);
}
