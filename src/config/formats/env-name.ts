/**
 * A name that a shell can hold. Kubernetes allows dots and dashes too, but dash drops such variables when it starts a
 * program, so they would not reach the agent.
 */
export function isEnvName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}
