/**
 * Kubernetes' expansion of `$(NAME)` in `env`, `command` and `args`: a name that is not known stays as written, `$$` is
 * one `$` (so `$$(NAME)` gives `$(NAME)`), any other `$` stays (API: EnvVar.value, Container.command).
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  let result = "";
  let position = 0;
  while (position < text.length) {
    const dollar = text.indexOf("$", position);
    if (dollar < 0 || dollar === text.length - 1) break;
    result += text.slice(position, dollar);
    const next = text[dollar + 1];
    const close = next === "(" ? text.indexOf(")", dollar + 2) : -1;
    if (close > 0) {
      const name = text.slice(dollar + 2, close);
      result += lookup(name) ?? `$(${name})`;
      position = close + 1;
    } else {
      // "$$" loses one dollar; "$x" and an unclosed "$(" stay.
      result += next === "$" ? "$" : `$${next}`;
      position = dollar + 2;
    }
  }
  return result + text.slice(position);
}
