import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Files by which a client finds this cluster: kubeconfigs, and the folder that pods have mounted. */
export interface CredentialFiles {
  /** Path of a kubeconfig with this token; written anew when it is asked for again. */
  kubeconfig(name: string, token: string, namespace?: string): string;
  /** A folder with token, namespace and ca.crt. The ca.crt is empty: the server speaks plain HTTP. */
  serviceAccountDir(name: string, token: string, namespace: string): string;
}

export function createCredentialFiles(root: string, url: string): CredentialFiles {
  return {
    kubeconfig(name, token, namespace) {
      const config = {
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name: "embedded", cluster: { server: url, "insecure-skip-tls-verify": true } }],
        users: [{ name, user: { token } }],
        contexts: [
          { name: "embedded", context: { cluster: "embedded", user: name, ...(namespace ? { namespace } : {}) } },
        ],
        "current-context": "embedded",
      };
      return write(join(root, "kubeconfigs"), `${fileName(name)}.kubeconfig`, JSON.stringify(config, null, 2));
    },
    serviceAccountDir(name, token, namespace) {
      const folder = join(root, "serviceaccounts", fileName(name));
      write(folder, "token", token);
      write(folder, "namespace", namespace);
      write(folder, "ca.crt", "");
      return folder;
    },
  };
}

function write(folder: string, name: string, content: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

function fileName(name: string): string {
  return name.replace(/[^\w.-]/g, "_");
}
