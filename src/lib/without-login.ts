/**
 * A repository's address as it may be stored: without password, token, query and fragment. The user of an address by
 * ssh (`git@host`) is no login of its own and stays, also in git's short form `git@host:path`.
 */
export function withoutLogin(address: string): string {
  const text = address.trim();
  const url = URL.parse(text);
  if (url !== null && /^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    if (!/^(git\+)?ssh:$/.test(url.protocol)) url.username = "";
    url.password = "";
    url.search = "";
    url.hash = "";
    return url.href;
  }
  // What no URL can be may hold a login all the same: everything up to the last @ before the path goes.
  const [scheme = "", rest = text] = /^([a-z][a-z0-9+.-]{0,30}:\/\/)?(.*)$/is.exec(text)?.slice(1) ?? [];
  const slash = rest.indexOf("/");
  const host = slash === -1 ? rest : rest.slice(0, slash);
  const at = host.lastIndexOf("@");
  if (at === -1) return withoutQuery(text);
  const user = host.slice(0, at);
  const kept = scheme === "" && /^[\w.-]+$/.test(user) ? `${user}@` : "";
  return withoutQuery(`${scheme}${kept}${rest.slice(at + 1)}`);
}

function withoutQuery(text: string): string {
  return text.replace(/[?#].*$/s, "");
}
