/** A repository of 255, a tag of 128 and a digest, each with its sign, in the limits of the registries' own protocol. */
const longest = 1_024;

/**
 * Whether a text can name an image at all. The registry alone knows whether the image exists; this catches what the
 * kubelet answers with InvalidImageName: spaces, capital letters in the path, a broken tag or digest.
 */
export function isImageReference(text: string): boolean {
  if (text.length > longest) return false;
  const match = /^(?<path>[^\s@]+?)(?::(?<tag>[^\s:/@]+))?(?:@(?<digest>\S+))?$/.exec(text);
  const { path = "", tag, digest } = match?.groups ?? {};
  if (tag !== undefined && !/^\w[\w.-]{0,127}$/.test(tag)) return false;
  if (digest !== undefined && !/^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/.test(digest)) {
    return false;
  }
  const components = path.split("/");
  const [first = ""] = components;
  const hasRegistry =
    components.length > 1 && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  const repository = hasRegistry ? components.slice(1) : components;
  if (hasRegistry && !/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:\d+)?$/.test(first)) return false;
  return repository.every((component) => /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/.test(component));
}
