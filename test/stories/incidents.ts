/** An incident of an earlier implementation in production, and the test that would have caught it. */
export interface Incident {
  what: string;
  /** Part of a test's name, and the file it stands in. */
  test: string;
  file: string;
}

const story = (name: string) => `test/stories/${name}`;
const embedded = (name: string) => `test/embedded-stories/${name}.test.ts`;

export const incidents: readonly Incident[] = [
  {
    what: "Runs over 30 s that exited 0 were told as timed out, their work thrown away",
    test: "a good run was timed out afterwards",
    file: "src/pod/pod-verdict.test.ts",
  },
  {
    what: "The log stream 'drops every few seconds', 50 reconnects gone in 2.5 minutes",
    test: "fault 2: ends cleanly although the container runs",
    file: embedded("faults"),
  },
  {
    what: "One failed read of the Job was a timeout after 0 s, good runs discarded",
    test: "the connection is cut at every third request",
    file: embedded("outages"),
  },
  {
    what: "Runs without a limit were killed at 30 s, or after 22 minutes and called a success",
    test: "ends by itself: every line once, success",
    file: story("cluster-endings.ts"),
  },
  {
    what: "Prompts of 128 to 256 KiB: the init container failed, the kernel's E2BIG",
    test: "arrives byte for byte",
    file: "test/stories/agent-run.ts",
  },
  {
    what: "3,395 Secrets leaked: the owner's patch was refused and the error swallowed",
    test: "Secrets leaked by thousands",
    file: "src/launch/launch.test.ts",
  },
  {
    what: "Context overflow: the same session failed on hundreds of wakes",
    test: "the session is larger than the model can read",
    file: embedded("codes"),
  },
  {
    what: "One failed tool call made a clean run fail, and it was paid for twice",
    test: "one failed tool call made a clean run fail",
    file: "src/run/report.test.ts",
  },
  {
    what: "Waits for a volume's binding and slow image pulls were 'scheduling failed'",
    test: "waits for PVC binding and slow image pulls were failures",
    file: "src/pod/pod-verdict.test.ts",
  },
  {
    what: "An RWO claim for the database: pods stuck on other nodes",
    test: "a claim for one node left pods stuck on others",
    file: "src/job/build-job.test.ts",
  },
  {
    what: "'Session not found' on every resume",
    test: "a session that OpenCode does not have is replaced by a fresh one",
    file: "test/stories/agent-run.ts",
  },
  {
    what: "The environment was inherited without its volume: /runtime-cache EACCES",
    test: "environment inherited without its volume",
    file: "src/job/env.test.ts",
  },
  {
    what: "`tee` hid OpenCode's exit code: a crash was a success",
    test: "keeps the exit code, marks stderr",
    file: "src/launcher/launcher.test.ts",
  },
  { what: "An opaque 'Pod exited: Error (exit 1)'", test: "opaque 'exit 1'", file: "src/run/report.test.ts" },
  {
    what: "A re-export crashed the adapter's load at every server restart",
    test: "a re-export crashed the adapter's load",
    file: "test/dist/entry.test.ts",
  },
  {
    what: "fsGroup on the shared claim: a recursive chown at each mount",
    test: "fsGroup on a large volume",
    file: "src/job/build-job.test.ts",
  },
  {
    what: "The orphan of another run was taken for this run's own",
    test: "the orphan of another run was reattached",
    file: "src/guard/decide-slot.test.ts",
  },
  {
    what: "A Job being deleted counted as free: two pods on one session",
    test: "a Job that is being deleted is live until its pod has ended",
    file: embedded("faults"),
  },
  {
    what: "The list of Jobs hung, and the agent's lock was held for ever",
    test: "an API that hangs is no free slot",
    file: embedded("faults"),
  },
  {
    what: "workingDir was made by the kubelet, for root",
    test: "a working directory made by the kubelet belonged to root",
    file: "src/job/build-job.test.ts",
  },
  {
    what: "Agents dumped the server's secrets into transcripts",
    test: "the server's own secrets are not in the agent's environment",
    file: "test/stories/agent-run.ts",
  },
  {
    what: "Jobs did not follow the server's node selector and tolerations",
    test: "its node selector, and its tolerations",
    file: "src/host/inherit.test.ts",
  },
  {
    what: "404 was never recognised",
    test: "404 was never recognised",
    file: "src/cluster/connect.test.ts",
  },
  {
    what: "'Premature close': runs failed 30 s after their start",
    test: "fault 1: is reset many times",
    file: embedded("faults"),
  },
  {
    what: "A cancel never reached the Job",
    test: "while it runs, and once more",
    file: story("stops.ts"),
  },
  {
    what: "Batch assignment: all but one task blocked for ever",
    test: "batch assignment blocked all but one task for ever",
    file: "src/guard/take-slot.test.ts",
  },
  {
    what: "Two Jobs of one agent at once",
    test: "never have two of its Jobs at once",
    file: embedded("restart"),
  },
  {
    what: "Out of memory was hidden by a parsed error",
    test: "out of memory was hidden by a parsed error",
    file: "src/run/report.test.ts",
  },
  {
    what: "The list of models was empty in the page",
    test: "the list of models was empty in the page",
    file: "test/dist/contract.test.ts",
  },
  {
    what: "A deleted pod was a success",
    test: "its pod is deleted without grace",
    file: story("cluster-endings.ts"),
  },
  {
    what: "An API outage of 25 s threw the run away, its Job left running",
    test: "and the run ends meanwhile",
    file: embedded("outages"),
  },
  {
    what: "timeoutSec 6 with graceSec 3 returned after 33 s",
    test: "a process that ignores TERM is ended by force graceSec after its time",
    file: story("stops.ts"),
  },
  {
    what: "A restart of the server deleted the running Jobs and ended the process",
    test: "with reattachOrphanedJobs: the whole output stands in the new run",
    file: embedded("restart"),
  },
  {
    what: "A run whose output is not known was counted as succeeded",
    test: "kills the launcher: the container's status is the end, and code 0 is not made up",
    file: embedded("faults"),
  },
  {
    what: "A stream item without a type crashed OpenCode's reader in a loop",
    test: "lines that are no events change nothing",
    file: "src/opencode/transcript.test.ts",
  },
  {
    what: "Turns that the provider cut short were plain failures, never tried again",
    test: "a retry may help after %s",
    file: "src/opencode/diagnosis.test.ts",
  },
  {
    what: "After a session had grown too large every wake met it again",
    test: "a session that has grown too large is cleared",
    file: embedded("codes"),
  },
  {
    what: "An upgrade of OpenCode met an old database: every run dead",
    test: "a database that OpenCode cannot read is set aside",
    file: embedded("codes"),
  },
  {
    what: "One database grew without end",
    test: "does not keep a database above its bound",
    file: "src/launcher/database.test.ts",
  },
  {
    what: "Folders of XDG variables could not be written: EACCES",
    test: "temporary files and caches are the run's own",
    file: "src/job/env.test.ts",
  },
  {
    what: "The operator's configuration was overwritten, or written where nobody read it",
    test: "everything else that is inherited stays",
    file: "src/opencode/config-content.test.ts",
  },
  {
    what: "OpenCode's snapshot of a large work tree: half an hour of silence",
    test: "without anything inherited only what a run needs is set",
    file: "src/opencode/config-content.test.ts",
  },
  {
    what: "The page's parser was an ES module and never loaded",
    test: "the page's worker finds parseStdoutLine in the built file",
    file: "test/dist/ui-parser.test.ts",
  },
  {
    what: "Wakes for reviews had no word of the task in the prompt",
    test: "the task's own section takes the description out of the wake",
    file: "src/prompt/assemble-prompt.test.ts",
  },
  {
    what: "A fresh session got the prompt of a resumed one",
    test: "a resumed session gets the wake and the short task",
    file: "src/prompt/assemble-prompt.test.ts",
  },
  {
    what: "Skills that every agent needs were not bundled",
    test: "the operational skill is there although none was chosen",
    file: "src/skills/skills.test.ts",
  },
  {
    what: "Skills were pasted without their scripts",
    test: "the bundle holds the operational skill and the chosen ones, each with its folder",
    file: "src/skills/skills.test.ts",
  },
  {
    what: "NODE_ENV=production was inherited: development dependencies were missing",
    test: "production was inherited, and npm left development dependencies out",
    file: "src/job/env.test.ts",
  },
  {
    what: "42 GiB of caches on the shared home took the fleet down",
    test: "cache of the fleet on the shared home filled it up",
    file: "src/job/env.test.ts",
  },
  {
    what: "Headers of remote tool servers were lost",
    test: "tool servers are remote ones with their headers",
    file: "src/opencode/config-content.test.ts",
  },
  {
    what: "A raw ENOENT when the service account's token was not mounted",
    test: "raw ENOENT when the token was not mounted",
    file: "src/cluster/credentials.test.ts",
  },
  {
    what: "OPENCODE_DB was a folder, which OpenCode does not open",
    test: "OPENCODE_DB is a file",
    file: "src/job/env.test.ts",
  },
];
