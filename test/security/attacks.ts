/** An attack of an agent's code, and the test that plays it. docs/security.md is made from these. */
export interface Attack {
  attack: string;
  /** What it would have given without its protection. */
  gives: string;
  /** Part of the test's full name, which also stands so in its file. */
  test: string;
  file: string;
  /** How many tests have that name, at least; a test may try much more in itself. */
  cases: number;
  result: string;
  /** What the protection does not cover. */
  left?: string;
}

interface AttackGroup {
  title: string;
  attacks: readonly Attack[];
}

export const attackGroups: readonly AttackGroup[] = [
  {
    title: "Holding up the server",
    attacks: [
      {
        attack:
          "A megabyte of one or two tokens, all pairs of tokens, 100,000 levels, for everything that reads a text",
        gives: "The server and all other runs stand still for seconds",
        test: "takes a megabyte of any token, 100,000 levels and every pair of tokens in no time",
        file: "test/repository/readers.test.ts",
        cases: 70,
        result: "Each text in under 100 ms",
        left: "A reader that is added and not listed in the test",
      },
      {
        attack: "Texts made to be slow for each pattern of the code",
        gives: "The same, by a pattern that takes the square of a text's length",
        test: "no pattern of src takes the square of a text's length",
        file: "test/repository/patterns.test.ts",
        cases: 1,
        result: "No pattern is slow; five that are show that the test finds them",
      },
      {
        attack: "Settings as values of 100,000 levels or a million elements",
        gives: "A RangeError in `execute()`, memory",
        test: "is bounded in depth and size",
        file: "test/repository/readers.test.ts",
        cases: 35,
        result: "Refused by the setting's name",
      },
      {
        attack: "YAML aliases that double at each level",
        gives: "1.2 GB and 11 s from 250 bytes",
        test: "may hold no aliases",
        file: "src/config/parse-settings.test.ts",
        cases: 5,
        result: "Refused: no aliases in settings",
      },
      {
        attack: "A kubeconfig of any depth, with any aliases",
        gives: "The same, by a file",
        test: "a text of any depth and with any aliases is read or refused soon",
        file: "src/cluster/kubeconfig-file.test.ts",
        cases: 11,
        result: "Read or refused soon",
      },
      {
        attack: "Events with tokens and cost such as 1e300",
        gives: 'Paperclip\'s bookkeeping fails and the agent stays "running"',
        test: "the sum of a run's tokens and cost is one that a database holds",
        file: "src/opencode/transcript.test.ts",
        cases: 1,
        result: "The sum is cut, and that is told",
        left: "An agent can tell wrong numbers below the bound: usage is what its pod prints",
      },
    ],
  },
  {
    title: "Code of an agent in the server",
    attacks: [
      {
        attack: "An OpenCode and an OpenCode plugin planted on the volume, then models asked for",
        gives: "Master key, JWT secret and the database's address",
        test: "no program runs in the server: neither a planted OpenCode nor a plugin of a real one",
        file: "src/models/model-catalogue.test.ts",
        cases: 1,
        result: "Nothing is started: models come from the catalogue and from configuration",
        left: "Adapters that Paperclip has installed lie on the volume, and the server imports them: writable with `isolation: shared`",
      },
      {
        attack: "A catalogue and a configuration on the volume that are links",
        gives: "Files of the server in a list of models",
        test: "is read, but through no link",
        file: "src/models/model-catalogue.test.ts",
        cases: 1,
        result: "No link is followed",
      },
    ],
  },
  {
    title: "kubeconfig",
    attacks: [
      {
        attack: "A kubeconfig below the shared volume, also by a link and by `..`",
        gives: "A program in the server (`exec`), any file to any address (`tokenFile`)",
        test: "a kubeconfig that agents could have written is refused",
        file: "src/cluster/kubeconfig-file.test.ts",
        cases: 5,
        result: "Refused",
      },
      {
        attack: "Pipes, devices, `/proc`, files of a terabyte, and files that are something else with a canary in them",
        gives: "A process that stops; other files quoted in messages",
        test: "a file that is no kubeconfig is not told",
        file: "src/cluster/kubeconfig-file.test.ts",
        cases: 28,
        result: "Refused at once, without a word of the file",
      },
      {
        attack: "A program that prints a secret, prints without end, or is found in a folder of agents",
        gives: "Its output in messages; an agent's program in the server",
        test: "a bare name is looked for in PATH, but in no folder that agents write to",
        file: "src/cluster/exec-credential.test.ts",
        cases: 1,
        result: "Not found there; its output is bounded and not told",
        left: "`exec` and the like are used from the operator's folders (`OPENCODE_K8S_KUBECONFIG_DIRS`): what lies there is trusted",
      },
    ],
  },
  {
    title: "The pod's powers",
    attacks: [
      {
        attack:
          "`podTemplate` with the node: host paths and namespaces, privileged, capabilities, root, `nodeName`, CSI and more, in every kind of container",
        gives: "Root on the node, by which all Secrets of all its pods",
        test: "an agent wrote its own podTemplate and had the node",
        file: "src/job/pod-denials.test.ts",
        cases: 130,
        result: "`k8s_policy_denied`, unless the operator permits it",
      },
      {
        attack: "The same in a whole run and in **Run test**",
        gives: "The same",
        test: "without a policy a privileged container is denied, in a run and in Run test",
        file: "test/embedded-stories/policy.test.ts",
        cases: 1,
        result: "Refused; nothing is created",
      },
      {
        attack:
          "Secrets of Paperclip's pod and of other runs, by variable, `envFrom`, volume and projected volume, in agent, sidecar and init container",
        gives: "The server's keys, other runs' keys",
        test: "is not to be had by",
        file: "src/job/denied-references.test.ts",
        cases: 21,
        result: "Denied",
        left: "Any other Secret of the namespace is allowed until `allow.secrets` lists some: keep nothing else in it",
      },
      {
        attack: "Claims of Paperclip's pod, of other agents, and copies of them",
        gives: "Backups and other agents' sessions",
        test: "cannot be copied into a volume of the agent's own",
        file: "src/job/denied-references.test.ts",
        cases: 1,
        result: "Denied",
        left: "Any other claim of the namespace, until `allow.claims`",
      },
      {
        attack: "Paperclip's own service account",
        gives: "Jobs, logs and Secrets of the namespace",
        test: "Paperclip's own service account",
        file: "src/job/pod-denials.test.ts",
        cases: 7,
        result: "Denied in setting, template and older field",
        left: "Other accounts of the namespace, until `allow.serviceAccountName`",
      },
      {
        attack: "Going round the operator's lists, fixed values and limits by `podTemplate`",
        gives: "Images, classes and amounts that the operator has closed",
        test: "a fixed setting cannot be changed by podTemplate",
        file: "src/job/denied-values.test.ts",
        cases: 11,
        result: "Denied, and the message names the policy",
      },
      {
        attack: "Templates of wrong shapes",
        gives: "An exception in `execute()`, or a check that looks past it",
        test: "a template of wrong shapes is refused or denied, or left to the cluster: it never throws",
        file: "src/job/pod-denials.test.ts",
        cases: 1,
        result: "Refused, denied or left to the cluster",
      },
      {
        attack: "The same pods made by a server that is taken",
        gives: "The node, although the adapter denies it",
        test: "the cluster refuses by itself what the adapter denies",
        file: "test/cluster/admission-policy.test.ts",
        cases: 26,
        result: "Refused by a real API server with `examples/admission-policy.yaml`",
        left: "Only where it is applied (Kubernetes 1.30 or later); a taken server can still read the namespace's Secrets",
      },
    ],
  },
  {
    title: "Labels",
    attacks: [
      {
        attack: "Labels of Paperclip's own pod, by `labels` and by `podTemplate`",
        gives: "The pod becomes an endpoint of Paperclip's Service and gets its users' keys and cookies",
        test: "they are denied in both settings, whatever their value",
        file: "src/job/pod-denials.test.ts",
        cases: 1,
        result: "Denied",
        left: "A Service of your own that selects agents' pods by other labels",
      },
      {
        attack: "The label by which the example's Service finds the server",
        gives: "The same",
        test: "is found by its Service through a label that no agent's settings can have",
        file: "test/repository/examples.test.ts",
        cases: 1,
        result: "`paperclip.io/…` is reserved",
      },
    ],
  },
  {
    title: "Files that the server reads",
    attacks: [
      {
        attack: "Links at the file and at each folder above it, second names, pipes, devices, `/proc`, sparse files",
        gives: "The server's environment and other agents' files in a prompt; a process that stops",
        test: "refused is",
        file: "src/lib/read-untrusted-file.test.ts",
        cases: 22,
        result: "Refused",
      },
      {
        attack: "A file or a folder that is swapped for a link or a pipe all the time while it is read",
        gives: "The same, by a race",
        test: "that is swapped for a",
        file: "src/lib/read-untrusted-file.test.ts",
        cases: 3,
        result: "Itself or refused, never what the link leads to",
      },
      {
        attack: "`AGENTS.md` as a link to `/proc/self/environ`, and by that name",
        gives: "The server's whole environment in the prompt",
        test: "is not read",
        file: "src/prompt/instructions.test.ts",
        cases: 10,
        result: "Not read; the run's log says why",
      },
      {
        attack: "A skill that is a link",
        gives: "The same, by a skill",
        test: "a skill that agents have turned into a link is a warning, and what it leads to stands nowhere",
        file: "src/skills/skills.test.ts",
        cases: 1,
        result: "A warning",
      },
    ],
  },
  {
    title: "The saved database",
    attacks: [
      {
        attack: "Links, pipes, devices and folders planted for a victim's database, in two shells",
        gives: "A victim's key on the shared volume; its run hangs or fills the disk",
        test: "what another agent plants for a victim's database",
        file: "src/launcher/database-attacks.test.ts",
        cases: 100,
        result: "Nothing is taken, followed or written through",
        left: "With `isolation: shared` another agent can still replace the database by another valid one",
      },
      {
        attack: "A pointer to the database that travels, such as `../agent-2`",
        gives: "Another agent's sessions",
        test: "leads nowhere",
        file: "src/launcher/database-attacks.test.ts",
        cases: 45,
        result: "Ignored: one strict name",
      },
      {
        attack: "A file without an end",
        gives: "A full disk of the node",
        test: "a file without an end is not copied beyond its bound",
        file: "src/launcher/database-attacks.test.ts",
        cases: 5,
        result: "Bounded before the copy",
      },
    ],
  },
  {
    title: "The end of a run",
    attacks: [
      {
        attack: "A forged end mark, and a container that lives on",
        gives: "A pod with a key that outlives its run, its slot counted free",
        test: "a container that lives on after its end mark is ended with its pod, within seconds",
        file: "src/launch/end-container.test.ts",
        cases: 1,
        result: "Its pod is deleted within seconds",
        left: "An agent can forge its own exit code: the result of a run is what its pod says",
      },
      {
        attack: "A `graceSec` of weeks, in the setting and by `podTemplate`",
        gives: "A stopped run that keeps key and node",
        test: "a stopped run's grace is bounded in podTemplate too",
        file: "src/job/pod-denials.test.ts",
        cases: 1,
        result: "600 seconds at most",
      },
    ],
  },
  {
    title: "Other agents and the server through the shared volume",
    attacks: [
      {
        attack:
          "An agent with `isolation: strict` reads the server's keys, other projects, other agents' sessions and the operator's configuration (real cluster)",
        gives: "All of them",
        test: "sees nothing of the server, of other projects and of other agents",
        file: "test/stories/strict-isolation.ts",
        cases: 1,
        result: "None is in the pod, in its output or in what the model got",
      },
      {
        attack: "It mounts the volume once more, by `podTemplate` or by its folders",
        gives: "All of `/paperclip`",
        test: "podTemplate brings no more of the shared volume into such a pod",
        file: "src/job/isolation.test.ts",
        cases: 7,
        result: "`k8s_config_invalid`",
      },
      {
        attack: "It asks for the server's folders as its workspace",
        gives: "The master key",
        test: "holds what is the server's own, or is it",
        file: "src/job/shared-folders.test.ts",
        cases: 3,
        result: "Not given",
      },
      {
        attack: "A link in place of a folder that the server prepares for it",
        gives: "Folders made behind it",
        test: "is not followed, and nothing is made behind it",
        file: "src/run/prepare-folders.test.ts",
        cases: 2,
        result: "Not followed",
      },
    ],
  },
  {
    title: "Filling a node",
    attacks: [
      {
        attack: "A full disk",
        gives: "Eviction of its neighbours",
        test: "an agent that filled its node's disk took its neighbours with it",
        file: "src/job/pod-policy.test.ts",
        cases: 3,
        result: "Limits of ephemeral storage and of the scratch volume by default",
        left: "An agent may take the limit away, unless `limits.resources` of the policy has one. The shared volume has no quota per agent. Processes are limited by the kubelet alone (`podPidsLimit`)",
      },
      {
        attack: "Network: the API server, the cloud's metadata address, other pods",
        gives: "The node's cloud role; services without a login",
        test: "agents reach DNS, Paperclip and public addresses, and nothing reaches them",
        file: "test/repository/examples.test.ts",
        cases: 1,
        result: "Closed by `examples/networkpolicy.yaml`",
        left: "Only where it is applied and the cluster's network enforces it. The test reads the file; no packet is sent",
      },
    ],
  },
  {
    title: "What is inherited",
    attacks: [
      {
        attack: "The server's secrets under other names, by the Secret's key, by value, by a file",
        gives: "Master key, JWT secret, database",
        test: "a variable stays out",
        file: "src/host/withheld.test.ts",
        cases: 11,
        result: "Withheld",
        left: "A secret of your own in the Deployment's environment that none of these rules knows goes to agents",
      },
      {
        attack: "Volumes that hold what `PAPERCLIP_CONFIG` or a `*_FILE` variable points at",
        gives: "The same",
        test: "a volume stays out",
        file: "src/host/withheld.test.ts",
        cases: 17,
        result: "Withheld",
      },
      {
        attack: "Names of secrets in a newer server's code",
        gives: "A secret that no list has",
        test: "of every secret in the installed server's code it is decided whether agents may have it",
        file: "test/paperclip/server-secrets.test.ts",
        cases: 1,
        result: "The suite fails until somebody has decided",
      },
    ],
  },
  {
    title: "What people see",
    attacks: [
      {
        attack: "Colours, titles, clipboards, cursor moves, bidi marks in what an agent prints",
        gives: "A terminal that obeys; a message that reads otherwise",
        test: "only what is to be read stays",
        file: "src/lib/visible-text.test.ts",
        cases: 12,
        result: "Removed",
      },
      {
        attack: "Lines that begin like the adapter's own",
        gives: '"The run was cancelled." in the adapter\'s name',
        test: "a line that would pass for the adapter's is the agent's",
        file: "src/run-log/agent-line.test.ts",
        cases: 7,
        result: "Marked `[agent]`",
      },
      {
        attack: "NUL and half characters",
        gives: "A database that refuses the row",
        test: "is stored as",
        file: "src/lib/storable-text.test.ts",
        cases: 5,
        result: "Replaced",
      },
      {
        attack: "A login in a repository's address",
        gives: "A token in the stored session",
        test: "is stored as",
        file: "src/lib/without-login.test.ts",
        cases: 17,
        result: "Left out",
      },
    ],
  },
  {
    title: "The supply chain",
    attacks: [
      {
        attack: "A known fault of a bundled package",
        gives: "Code that no audit sees",
        test: "names what the bundle contains, each with its version, licence and hash",
        file: "test/dist/sbom.test.ts",
        cases: 1,
        result: "`dist/sbom.cdx.json`; `npm run audit` asks for exactly that list",
      },
      {
        attack: "A package replaced in the registry",
        gives: "Code in the build",
        test: "every package that can be installed is locked with its hash",
        file: "test/repository/lock-file.test.ts",
        cases: 1,
        result: "Locked with its hash",
        left: "This package is not on npm: somebody else could publish under its name",
      },
    ],
  },
  {
    title: "Rights of Paperclip's service account",
    attacks: [
      {
        attack: "Rights that nothing uses",
        gives: "More for who takes the server",
        test: "every rule of the Role was used",
        file: "test/paperclip/cases/permissions.ts",
        cases: 1,
        result: "Each rule is used, in a namespace and with a Role",
        left: "`jobs create` and `secrets get` are wide by nature: see below",
      },
    ],
  },
];
