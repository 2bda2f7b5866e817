import type { BundledPackage } from "./bundled-packages.ts";

/**
 * A software bill of materials in CycloneDX 1.6: everything is bundled, so that nobody's package manager sees what is in
 * it. Scanners such as Trivy, Grype and Dependency-Track read this file.
 */
export function cycloneDx(own: { name: string; version: string }, packages: readonly BundledPackage[]): object {
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: { type: "library", "bom-ref": purlOf(own), name: own.name, version: own.version } },
    components: packages.map(({ name, version, license, integrity }) => ({
      type: "library",
      "bom-ref": purlOf({ name, version }),
      name,
      version,
      purl: purlOf({ name, version }),
      licenses: [/ (OR|AND|WITH) /.test(license) ? { expression: license } : { license: { id: license } }],
      hashes: [{ alg: "SHA-512", content: hexOf(integrity) }],
    })),
    dependencies: [{ ref: purlOf(own), dependsOn: packages.map(purlOf) }],
  };
}

/** Package URL: `pkg:npm/%40scope/name@1.2.3`. */
function purlOf({ name, version }: { name: string; version: string }): string {
  return `pkg:npm/${name.replace(/^@/, "%40")}@${version}`;
}

function hexOf(integrity: string): string {
  return Buffer.from(integrity.replace(/^sha512-/, ""), "base64").toString("hex");
}
