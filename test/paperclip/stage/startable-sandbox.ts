/**
 * Lets the worker start in which Paperclip's page runs an adapter's parser.
 *
 * The page of 2026.916.1 sets `self.indexedDB` (and, on https, `self.caches`) in that worker, in strict mode. No browser
 * allows it, so the worker dies before it has seen any parser, and the page shows every external adapter's output raw
 * (paperclipai/paperclip, pull request 8806). This changes the two lines as that pull request does, and nothing else.
 */
export const startableSandbox = String.raw`(() => {
  const Native = Blob;
  const line = /^self\.(indexedDB|caches) = _undefined;$/gm;
  const repair = (part) =>
    typeof part === "string" ? part.replace(line, 'Object.defineProperty(self, "$1", { value: _undefined });') : part;
  window.Blob = class Blob extends Native {
    constructor(parts = [], options) {
      super(Array.from(parts, repair), options);
    }
  };
})();`;
