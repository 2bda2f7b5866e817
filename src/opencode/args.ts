/** What decides the command line of a run. */
export interface RunArguments {
  /** `provider/model`. */
  model: string;
  /** Continues this session. */
  sessionId?: string;
  /** Provider-specific effort of the model, such as `high`. */
  variant?: string;
  /** Stand last, as the user wrote them. */
  extraArgs?: readonly string[];
}

function names(args: readonly string[], option: string): boolean {
  const negated = option.replace(/^--/, "--no-");
  return args.some((arg) => arg === option || arg === negated || arg.startsWith(`${option}=`));
}

/**
 * Arguments after `opencode`. The prompt comes on stdin: `opencode run` reads it to its end when stdin is no terminal.
 *
 * Measured with 1.18.33:
 * - without `--thinking` it prints no `reasoning` event; the option changes neither the request nor any other event
 * - without `--print-logs` an unknown model is only "Unexpected server error. Check server logs for details.", and a
 *   provider that refuses is a minute of silence; with it both are told on stderr, where a run that goes well says nothing
 * - an option given twice is an error, so what the user gives takes the place of ours
 */
export function buildRunArgs(run: RunArguments): string[] {
  const extra = run.extraArgs ?? [];
  const ours: [string, ...string[]][] = [["--thinking"], ["--print-logs"], ["--log-level", "ERROR"]];
  if (run.variant) ours.push(["--variant", run.variant]);
  return [
    "run",
    "--format",
    "json",
    ...ours.filter(([option]) => !names(extra, option)).flat(),
    "--model",
    run.model,
    ...(run.sessionId ? ["--session", run.sessionId] : []),
    ...extra,
  ];
}
