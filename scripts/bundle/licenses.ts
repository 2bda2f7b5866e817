import type { BundledPackage } from "./bundled-packages.ts";

/** The licences of everything that is bundled, as one text. */
export function licensesText(packages: readonly BundledPackage[]): string {
  const parts = packages.map(
    ({ name, version, license, licenseText }) => `${name} ${version} (${license})\n\n${licenseText}\n`,
  );
  return `dist/index.js contains code of these packages.\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`;
}
