// Adds to package-lock.json the optional packages of other platforms that npm left out, and the hashes of all that have
// none: `node scripts/complete-lock.ts` after each `npm install`.
//
// Where a registry serves only some platforms (a mirror, a cache), npm writes a lock file without the others, and
// `npm ci` refuses such a file everywhere: "Missing: @biomejs/cli-darwin-arm64 from lock file" (seen with npm 11.19).
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

interface LockedPackage {
  version?: string;
  resolved?: string;
  integrity?: string;
  link?: boolean;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const file = path.join(path.dirname(import.meta.dirname), "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, LockedPackage> };

const systems = ["android", "darwin", "freebsd", "linux", "openbsd", "openharmony", "win32", "windows"];
const processors = ["arm64", "x64", "ia32", "arm", "ppc64", "riscv64", "s390x", "loong64"];

/** What a package's name says of the platform it is for: `@rollup/rollup-linux-x64-musl`. */
function platformOf(name: string): Pick<LockedPackage, "os" | "cpu" | "libc"> {
  const words = name.split(/[-/]/);
  const system = systems.find((candidate) => words.includes(candidate));
  const processor = processors.find((candidate) => words.includes(candidate));
  const libc = words.some((word) => word.startsWith("musl"))
    ? "musl"
    : words.some((word) => word.startsWith("gnu"))
      ? "glibc"
      : undefined;
  return {
    ...(system ? { os: [system === "windows" ? "win32" : system] } : {}),
    ...(processor ? { cpu: [processor] } : {}),
    ...(libc && system === "linux" ? { libc: [libc] } : {}),
  };
}

let added = 0;
for (const locked of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(locked.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    const platform = platformOf(name);
    // An exact version for one platform; anything else is npm's to decide.
    if (lock.packages[place] || !/^\d/.test(version) || !platform.os) continue;
    lock.packages[place] = { version, ...(locked.dev ? { dev: true } : {}), optional: true, ...platform };
    added++;
  }
}
const unhashed = Object.entries(lock.packages).filter(
  ([place, { version, integrity, link }]) => place !== "" && version !== undefined && !integrity && !link,
);
/** A few at a time, as a registry answers them. */
for (let start = 0; start < unhashed.length; start += 8) {
  await Promise.all(unhashed.slice(start, start + 8).map(([place, locked]) => addHash(place, locked)));
}

async function addHash(place: string, locked: LockedPackage): Promise<void> {
  const name = place.replace(/^.*node_modules\//, "");
  const view = promisify(execFile)("npm", ["view", `${name}@${locked.version}`, "dist.integrity"]);
  const { stdout } = await view.catch(() => ({ stdout: "" }));
  if (!/^sha512-\S+\s*$/.test(stdout)) {
    console.error(`${name}@${locked.version}: this registry does not have it, so it stays without a hash`);
    return;
  }
  locked.resolved = `https://registry.npmjs.org/${name}/-/${name.replace(/^@[^/]+\//, "")}-${locked.version}.tgz`;
  locked.integrity = stdout.trim();
}

lock.packages = Object.fromEntries(
  Object.entries(lock.packages).toSorted(([left], [right]) => (left < right ? -1 : 1)),
);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} packages of other platforms added, ${unhashed.length} hashes`);
