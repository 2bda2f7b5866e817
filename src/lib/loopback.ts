/** Whether an address means the machine that calls it, so that nobody else can reach Paperclip by it. */
export function isLoopback(url: string): boolean {
  const hostname = URL.parse(url)?.hostname ?? "";
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1?\]|\[::ffff:7f[0-9a-f:]+\]|0\.0\.0\.0)\.?$/.test(hostname);
}
