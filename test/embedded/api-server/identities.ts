import { randomBytes } from "node:crypto";
import { admins, type User } from "./rbac.ts";

/** Bearer tokens and whose they are. */
export interface Identities {
  readonly adminToken: string;
  userOf(token: string | undefined): User | undefined;
  /** The token of a service account, made on first use. */
  tokenFor(namespace: string, serviceAccount: string): string;
  /** A token for a user by name, outside of any service account. */
  tokenForUser(name: string, groups?: readonly string[]): string;
  /** The token is refused from now on; the next `tokenFor` makes another. */
  expire(token: string): void;
}

export const anonymous: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };

export function createIdentities(): Identities {
  const users = new Map<string, User>();
  const accounts = new Map<string, string>();
  const newToken = (user: User) => {
    const token = randomBytes(24).toString("base64url");
    users.set(token, user);
    return token;
  };
  const adminToken = newToken({ name: "kubernetes-admin", groups: [admins, "system:authenticated"] });
  return {
    adminToken,
    /** Undefined: the token is unknown. No token at all is the anonymous user. */
    userOf: (token) => (token === undefined ? anonymous : users.get(token)),
    tokenFor(namespace, serviceAccount) {
      const key = `${namespace}/${serviceAccount}`;
      const known = accounts.get(key);
      if (known !== undefined && users.has(known)) return known;
      const groups = ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"];
      const token = newToken({ name: `system:serviceaccount:${namespace}:${serviceAccount}`, groups });
      accounts.set(key, token);
      return token;
    },
    tokenForUser: (name, groups = []) => newToken({ name, groups: [...groups, "system:authenticated"] }),
    expire(token) {
      users.delete(token);
    },
  };
}
