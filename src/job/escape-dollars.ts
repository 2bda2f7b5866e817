/**
 * A text as Kubernetes takes it where it expands `$(NAME)`: in `env`, `command` and `args`.
 * `$$` becomes `$` there (API: "Double $$ are reduced to a single $"), whatever follows.
 */
export function literal(text: string): string {
  return text.replaceAll("$", "$$$$");
}
