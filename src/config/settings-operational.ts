import { optional, withDefault } from "./field.ts";
import { environmentKind } from "./kinds/environment.ts";
import { positiveSecondsKind, secondsKind, textKind } from "./kinds/scalars.ts";
import { longestGraceSec } from "./policy/policy.ts";

const defaultGraceSec = 30;

export const operationalSettings = {
  timeoutSec: withDefault(secondsKind, 0, {
    label: "Timeout (sec)",
    hint: "Ends a run this many seconds after its container started; 0 for no limit.",
  }),
  graceSec: withDefault(positiveSecondsKind(defaultGraceSec, longestGraceSec), defaultGraceSec, {
    label: "Grace period (sec)",
    hint: "Seconds a stopped run has to end by itself before it is killed, 600 at most; 0 means the default.",
  }),
  inactivityTimeoutSec: withDefault(secondsKind, 0, {
    label: "Inactivity timeout (sec)",
    hint: "Ends a run that prints nothing for this many seconds; 0 for never.",
  }),
  env: withDefault(
    environmentKind,
    {},
    {
      label: "Environment",
      hint: "Further environment variables of the agent.",
      defaultText: "none",
      askedBy: "page",
    },
  ),
  cwd: optional(textKind({ accepts: (text) => text.startsWith("/"), expected: "an absolute path" }), {
    label: "Working directory",
    hint: "Absolute path to work in when the task has no workspace of its own.",
    defaultText: "the task's workspace, else /paperclip",
    askedBy: "page",
  }),
};
