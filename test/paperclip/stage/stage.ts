import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connectCluster } from "../../../src/cluster/connect.ts";
import { opencodeConfig } from "../../model/opencode-config.ts";
import { offlineEnv } from "../../model/run-opencode.ts";
import { startModelServer } from "../../model/server.ts";
import { openAuditLog } from "./audit-log.ts";
import { kubectl, kubectlApply, requireKubeconfig } from "./kubectl.ts";
import { renderExamples } from "./manifests.ts";
import { createModelScript } from "./model-script.ts";
import { packPackage, startNpmRegistry } from "./npm-registry.ts";
import { signUp } from "./paperclip-api.ts";
import { killPaperclip, pointAtPaperclip, replacePaperclip } from "./paperclip-pod.ts";
import { recordObjects } from "./recorder.ts";
import { startRelay } from "./relay.ts";
import { createVisits } from "./visits.ts";
import { makeSharedVolume, makeVolumeFolder, removeVolumeFolder } from "./volume.ts";

/** The machine's address on the pods' network. */
const machine = "10.88.0.1";
const operatorConfigPath = ".config/opencode/opencode.json";
const image = "docker.io/local/agent:1";

export const adapterType = "opencode_k8s";
const repository = fileURLToPath(new URL("../../..", import.meta.url));
/** Package under test; another folder may hold a stand-in while the harness itself is worked on. */
const packageFolder = process.env["ADAPTER_PACKAGE"] || repository;

/** Values that must never be seen in a Job or Pod. */
export const secrets = {
  auth: `auth-${randomBytes(16).toString("hex")}`,
  provider: `provider-${randomBytes(16).toString("hex")}`,
  company: `company-${randomBytes(16).toString("hex")}`,
};

export type Stage = Awaited<ReturnType<typeof setStage>>;

/** A real Paperclip in a namespace of its own, made of `examples/`, with a model to speak to and everything recorded. */
export async function setStage() {
  const undo: (() => Promise<unknown>)[] = [];
  const strike = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return { ...(await raise((step) => undo.push(step))), strike };
  } catch (error) {
    await strike();
    throw error;
  }
}

async function raise(undo: (step: () => Promise<unknown>) => void) {
  const namespace = `paperclip-suite-${randomBytes(3).toString("hex")}`;
  const cluster = await connectCluster({ kubeconfig: requireKubeconfig() });
  undo(() => cluster.close());
  const audit = await openAuditLog();
  const script = createModelScript();
  const model = await startModelServer({ host: machine, script: script.answer });
  undo(() => model.stop());
  const relay = await startRelay(machine);
  undo(() => relay.stop());
  const workspace = await mkdtemp(join(tmpdir(), "paperclip-suite-"));
  undo(() => rm(workspace, { recursive: true }));
  const registry = await startNpmRegistry(machine, await packPackage(packageFolder, workspace));
  undo(() => registry.stop());

  undo(() => kubectl("delete", "pv", namespace, `${namespace}-db`, "--ignore-not-found", "--wait=false"));
  for (const name of [namespace, `${namespace}-db`]) undo(() => removeVolumeFolder(name));
  const volume = await makeSharedVolume(namespace);
  const databaseFolder = await makeVolumeFolder(`${namespace}-db`);
  const operatorConfig = JSON.stringify(opencodeConfig({ baseUrl: model.url, apiKey: "{env:SCRIPTED_KEY}" }));
  await volume.write(operatorConfigPath, operatorConfig);
  await volume.copyIn(packageFolder, "plugin", ["package.json", "dist"]);

  undo(() => removeNamespace(namespace));
  await applyAll({
    namespace,
    folder: volume.folder,
    databaseFolder,
    apiUrl: `http://${machine}:${relay.port}`,
    registryUrl: registry.url,
  });
  const jobs = await recordObjects(cluster, "jobs", namespace);
  undo(() => jobs.stop());
  const pods = await recordObjects(cluster, "pods", namespace);
  undo(() => pods.stop());
  await pointAtPaperclip(namespace, relay);
  const baseUrl = `http://${machine}:${relay.port}`;
  const api = await signUp(baseUrl);
  const company = await api.createCompany("Suite");
  const visits = createVisits(`${baseUrl}/${company.issuePrefix}`);
  undo(() => visits.stop());
  return {
    namespace,
    cluster,
    api,
    /** A signed-in user's visit to Paperclip's page. */
    visit: visits.visit,
    companyId: company.id,
    /** Class of the one volume that is there for an agent's database. */
    databaseClass: `${namespace}-db`,
    model: { ...script, requests: model.requests },
    registry,
    jobs,
    pods,
    serviceAccountCalls: () => audit.callsOf(`system:serviceaccount:${namespace}:paperclip`),
    /** Of the shared volume: what agents see as /paperclip. */
    writeFile: volume.write,
    operatorConfig: { written: operatorConfig, read: () => volume.read(operatorConfigPath) },
    /** Paperclip's pod ends and another takes its place, as in an upgrade; resolves when that answers. */
    replacePaperclip: () => replacePaperclip(namespace, relay),
    /** Paperclip's process gets SIGKILL; resolves when the one that the kubelet starts in its place answers. */
    killPaperclip: () => killPaperclip(namespace),
  };
}

/** Pods first and at once: Paperclip would take its 90 seconds. */
async function removeNamespace(namespace: string): Promise<void> {
  await kubectl("-n", namespace, "delete", "deployments,jobs", "--all", "--wait=false").catch(() => {});
  await kubectl("-n", namespace, "delete", "pods", "--all", "--grace-period=1", "--wait=false").catch(() => {});
  await kubectl("delete", "namespace", namespace, "--ignore-not-found");
}

interface CheckContext {
  namespace: string;
  folder: string;
  databaseFolder: string;
  apiUrl: string;
  registryUrl: string;
}

function persistentVolume(name: string, path: string): object {
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name },
    spec: {
      capacity: { storage: "50Gi" },
      accessModes: ["ReadWriteMany"],
      storageClassName: name,
      persistentVolumeReclaimPolicy: "Retain",
      hostPath: { path },
    },
  };
}

async function applyAll({ namespace, folder, databaseFolder, apiUrl, registryUrl }: CheckContext) {
  await kubectlApply(list([persistentVolume(namespace, folder), persistentVolume(`${namespace}-db`, databaseFolder)]));
  const manifests = await renderExamples({
    namespace,
    storageClass: namespace,
    image,
    // As the image of Paperclip starts it; npm stands first on the PATH.
    command: [
      "/bin/sh",
      "-c",
      "cd /paperclip/app && PATH=/paperclip/app/bin:$PATH exec node node_modules/@paperclipai/server/dist/index.js",
    ],
    env: {
      ...paperclipImageEnv,
      ...offlineEnv,
      PAPERCLIP_API_URL: apiUrl,
      PAPERCLIP_ALLOWED_HOSTNAMES: machine,
      npm_config_registry: registryUrl,
    },
  });
  const secret = (name: string, stringData: object) => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace },
    stringData,
  });
  const [first, ...rest] = manifests.split("\n---\n");
  await kubectlApply(first ?? ""); // the namespace
  await kubectlApply(
    list([
      secret("paperclip-server", { BETTER_AUTH_SECRET: secrets.auth }),
      secret("paperclip-providers", { SCRIPTED_KEY: secrets.provider }),
    ]),
  );
  await kubectlApply(rest.join("\n---\n"));
}

function list(items: object[]): object {
  return { apiVersion: "v1", kind: "List", items };
}

/** Set in the image of Paperclip 2026.916.1 (its Dockerfile), so not in the examples. */
const paperclipImageEnv = {
  NODE_ENV: "production",
  HOST: "0.0.0.0",
  PORT: "3100",
  SERVE_UI: "true",
  PAPERCLIP_HOME: "/paperclip",
  PAPERCLIP_INSTANCE_ID: "default",
  PAPERCLIP_CONFIG: "/paperclip/instances/default/config.json",
};
