import { type Adapter, type AdapterOptions, createAdapter } from "./adapter.ts";
import { createCliAdapter } from "./cli/cli-adapter.ts";
import { adapterType } from "./job/names.ts";

export type { Adapter, AdapterOptions };

export const type = adapterType;
export const label = "OpenCode (Kubernetes)";

/** For terminals: formats a run's output. */
export const cliAdapter = createCliAdapter(adapterType);

/** What Paperclip's adapter manager calls. The options are for tests and the demo; Paperclip gives none. */
export function createServerAdapter(options?: AdapterOptions): Adapter {
  return createAdapter(options);
}
