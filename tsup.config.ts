import { readFile } from "node:fs/promises";
import { defineConfig, type Options } from "tsup";

/** Lets source files import a text file whole: `import text from "./file.sh?raw"` (Vite knows this form by itself). */
const rawText: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "raw-text",
  setup(build) {
    build.onResolve({ filter: /\?raw$/ }, async ({ path, resolveDir }) => {
      const resolved = await build.resolve(path.replace(/\?raw$/, ""), { resolveDir, kind: "import-statement" });
      return { path: resolved.path, namespace: "raw-text" };
    });
    build.onLoad({ filter: /.*/, namespace: "raw-text" }, async ({ path }) => ({
      contents: await readFile(path, "utf8"),
      loader: "text",
    }));
  },
};

export default defineConfig([
  {
    // Paperclip's reload imports only the entry file anew, so everything is in it. Dynamic imports become lazy initialisers.
    entry: { index: "src/index.ts" },
    format: "esm",
    platform: "node",
    target: "node24",
    removeNodeProtocol: false,
    noExternal: [/.*/],
    splitting: false,
    clean: true,
    // The file is parsed whole at each start of Paperclip; names stay, for stack traces.
    minifyWhitespace: true,
    metafile: true,
    esbuildPlugins: [rawText],
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  },
  {
    // Paperclip's page evaluates this file with new Function("exports", "module", source).
    entry: { "ui-parser": "src/ui-parser.ts" },
    format: "cjs",
    platform: "neutral",
    target: "es2020",
    noExternal: [/.*/],
    splitting: false,
    clean: false,
    minify: false,
    // Never run: Node reads from it which names an ES module may import.
    footer: { js: "0 && (module.exports = { parseStdoutLine });" },
  },
]);
