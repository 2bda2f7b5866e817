import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { manifest, root } from "./built.ts";

interface Component {
  name: string;
  version: string;
  purl: string;
  licenses: object[];
  hashes: { alg: string; content: string }[];
}

const sbom = JSON.parse(readFileSync(join(root, "dist/sbom.cdx.json"), "utf8")) as {
  bomFormat: string;
  specVersion: string;
  metadata: { component: { name: string; version: string } };
  components: Component[];
};

describe("the bill of materials", () => {
  test("is of this package", () => {
    expect(sbom).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6" });
    expect(sbom.metadata.component).toMatchObject({ name: manifest.name, version: manifest.version });
  });

  test("names what the bundle contains, each with its version, licence and hash", () => {
    expect(sbom.components.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["@kubernetes/client-node", "@paperclipai/adapter-utils", "js-yaml", "undici", "zod"]),
    );
    for (const { name, version, purl, licenses, hashes } of sbom.components) {
      expect(purl).toBe(`pkg:npm/${name.replace("@", "%40")}@${version}`);
      expect(licenses).toHaveLength(1);
      expect(hashes).toEqual([{ alg: "SHA-512", content: expect.stringMatching(/^[0-9a-f]{128}$/) }]);
    }
  });

  test("has no package that the licences leave out, and none without a text", () => {
    const licences = readFileSync(join(root, "dist/THIRD-PARTY-LICENSES.txt"), "utf8");
    for (const { name, version } of sbom.components) expect(licences).toContain(`${name} ${version} (`);
    expect(licences).not.toMatch(/no licence file/);
  });
});
