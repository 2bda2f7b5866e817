import { visibleText } from "../../lib/visible-text.ts";
import { parseModelId } from "../../opencode/model-id.ts";

/** What an agent's pod was found to have, by `preflight.sh`. A part is absent as long as nothing was told of it. */
export interface PreflightReport {
  opencode?: { kind: "version"; version: string } | { kind: "missing" } | Failed;
  model?: { kind: "listed" } | ({ kind: "unlisted" } & Listed) | Failed;
  api?: { kind: "status"; status: number } | { kind: "failed"; words: string } | { kind: "untested" };
}

/** A program that did not do what it was asked. */
interface Failed {
  kind: "failed";
  exitCode: number;
  words: string;
}

interface Listed {
  /** How many models OpenCode lists. */
  all: number;
  /** How many of them have the configured model's provider. */
  ofProvider: number;
  /** Some of these. */
  offers: readonly string[];
}

const forms: readonly [form: RegExp, read: (found: readonly string[], before: readonly string[]) => PreflightReport][] =
  [
    [/^opencode version (\S.*)$/, ([version = ""]) => ({ opencode: { kind: "version", version } })],
    [/^opencode missing$/, () => ({ opencode: { kind: "missing" } })],
    [/^opencode failed (\d{1,3})(?: (.*))?$/, (found) => ({ opencode: failed(found) })],
    [/^model listed$/, () => ({ model: { kind: "listed" } })],
    [
      /^model unlisted (\d+) (\d+)$/,
      ([all, same], offers) => ({
        model: { kind: "unlisted", all: Number(all), ofProvider: Number(same), offers },
      }),
    ],
    [/^model failed (\d{1,3})(?: (.*))?$/, (found) => ({ model: failed(found) })],
    [/^api status ([1-5]\d\d)$/, ([status]) => ({ api: { kind: "status", status: Number(status) } })],
    [/^api failed(?: (.*))?$/, ([words = ""]) => ({ api: { kind: "failed", words } })],
    [/^api untested$/, () => ({ api: { kind: "untested" } })],
  ];

const prefix = "preflight ";
const offer = /^preflight model offer (\S{1,300})$/;

/** Characters of a line that are read: an agent's image prints them. */
const longestLine = 2_000;

/** Offers that are kept. */
const mostOffers = 50;

/** Reads the script's lines. A line in no form of its own says nothing: what it should have told stays untold. */
export function readPreflightReport(lines: readonly string[]): PreflightReport {
  const told = lines
    .filter((line) => line.startsWith(prefix))
    .map((line) => visibleText(line.slice(0, longestLine)).trimEnd());
  const offered = told.flatMap((line) => offer.exec(line)?.[1] ?? []);
  const offers = offered.filter((model) => parseModelId(model) !== undefined).slice(0, mostOffers);
  const parts = told.map((line) => readPart(line.slice(prefix.length), offers));
  return Object.assign({}, ...parts);
}

function readPart(text: string, offers: readonly string[]): PreflightReport {
  for (const [form, read] of forms) {
    const found = form.exec(text);
    if (found) return read(found.slice(1), offers);
  }
  return {};
}

function failed([exitCode, words = ""]: readonly string[]): Failed {
  return { kind: "failed", exitCode: Number(exitCode), words };
}
