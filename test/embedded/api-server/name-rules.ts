const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const dnsSubdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const qualifiedName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const labelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const namePartText =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const labelValueText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const configKeyText =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const envNameText = "a valid environment variable name must consist only of printable ASCII characters other than '='";

const longest = (limit: number) => `must be no more than ${limit} characters`;

/** Each rule returns what is wrong, in the server's words (seen with 1.34); an empty list is a good value. */
export function dnsSubdomainFaults(value: string): string[] {
  return [...(value.length > 253 ? [longest(253)] : []), ...(dnsSubdomain.test(value) ? [] : [subdomainText])];
}

export function dnsLabelFaults(value: string): string[] {
  return [...(value.length > 63 ? [longest(63)] : []), ...(dnsLabel.test(value) ? [] : [labelText])];
}

export function labelValueFaults(value: string): string[] {
  return [...(value.length > 63 ? [longest(63)] : []), ...(labelValue.test(value) ? [] : [labelValueText])];
}

export function labelKeyFaults(key: string): string[] {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  const faults: string[] = [];
  if (prefix === "") faults.push("prefix part must be non-empty");
  else if (prefix !== undefined) faults.push(...dnsSubdomainFaults(prefix).map((text) => `prefix part ${text}`));
  if (name === "") faults.push("name part must be non-empty");
  if (name.length > 63) faults.push(`name part ${longest(63)}`);
  if (!qualifiedName.test(name)) faults.push(namePartText);
  return faults;
}

export function configKeyFaults(key: string): string[] {
  return [...(key.length > 253 ? [longest(253)] : []), ...(/^[-._a-zA-Z0-9]+$/.test(key) ? [] : [configKeyText])];
}

/** Any printable ASCII but "=" (API: relaxed environment variable names, 1.34). */
export function envNameFaults(name: string): string[] {
  return /^[\x20-\x3c\x3e-\x7e]+$/.test(name) ? [] : [envNameText];
}
