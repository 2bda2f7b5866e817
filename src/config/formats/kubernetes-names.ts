/** A DNS label (RFC 1123): the name of a namespace. */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text);
}

/** A DNS subdomain (RFC 1123): the name of a service account, a storage class, a runtime class. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text);
}

const plainName = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** `name` or `prefix/name`: the key of a label or an annotation, the name of a resource such as `nvidia.com/gpu`. */
export function isQualifiedName(text: string): boolean {
  const parts = text.split("/");
  const name = parts.pop() ?? "";
  if (name.length > 63 || !plainName.test(name)) return false;
  return parts.length === 0 || (parts.length === 1 && isDnsSubdomain(parts[0] ?? ""));
}

export function isLabelValue(text: string): boolean {
  return text === "" || (text.length <= 63 && plainName.test(text));
}
