import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A packed package with its manifest. */
export interface PackedPackage {
  manifest: { name: string; version: string; [key: string]: unknown };
  tarball: Buffer;
}

/** What `npm publish` would send for the package in `folder`. Its `prepack` script is not run: the caller has built it. */
export async function packPackage(folder: string, into: string): Promise<PackedPackage> {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", into];
  const { stdout } = await run("npm", args, { cwd: folder });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  return { manifest, tarball: await readFile(join(into, filename)) };
}

export interface NpmRegistry {
  url: string;
  /** Paths asked for, in order. */
  requests: string[];
  stop(): Promise<void>;
}

/** A registry that has one package, and 404 for everything else. */
export async function startNpmRegistry(host: string, packed: PackedPackage): Promise<NpmRegistry> {
  const { name, version } = packed.manifest;
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (request.url === `/${name}.tgz`) {
      response.writeHead(200, { "content-type": "application/octet-stream" }).end(packed.tarball);
    } else if (request.url === `/${name}`) {
      const dist = {
        tarball: `${url()}/${name}.tgz`,
        integrity: `sha512-${hash("sha512", packed.tarball, "base64")}`,
        shasum: hash("sha1", packed.tarball),
      };
      const packument = {
        name,
        "dist-tags": { latest: version },
        versions: { [version]: { ...packed.manifest, dist } },
      };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(packument));
    } else {
      response.writeHead(404, { "content-type": "application/json" }).end('{"error":"not found"}');
    }
  });
  const url = () => `http://${host}:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, resolve);
  });
  return {
    url: url(),
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
