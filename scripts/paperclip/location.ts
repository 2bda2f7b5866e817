import { tmpdir } from "node:os";
import { join } from "node:path";

/** The Paperclip that the suite of `test/paperclip` runs. */
export const paperclipVersion = "2026.916.1";

/** Where it is installed: a folder with `node_modules/paperclipai`. */
export const paperclipDir = process.env["PAPERCLIP_DIR"] || join(tmpdir(), `paperclip-${paperclipVersion}`);
