import { runContract } from "./cases.ts";

/** The suite fails without a cluster: a contract that was not checked must not look as if it had been. */
function adminKubeconfig(): string {
  const path = process.env["KUBECONFIG"];
  if (!path) throw new Error("KUBECONFIG is not set: name an administrator's kubeconfig of a cluster for tests");
  return path;
}

runContract("real", adminKubeconfig, { timeoutMs: 120_000 });
