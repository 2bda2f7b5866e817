import { type ParseErrorCode, parse, printParseErrorCode, visit } from "jsonc-parser";
import { isRecord, type JsonRecord } from "./json-value.ts";

/** An object read from text, or why it could not be. */
export type ReadObject = { kind: "object"; value: JsonRecord } | { kind: "unreadable"; why: string };

/** Twice what an environment variable can hold (MAX_ARG_STRLEN); the parser takes 0.1 s for so much of nothing but `1,`. */
const longest = 256 * 1024;

/** Deeper than any configuration is, and shallow enough for everything that calls itself for each level. */
const deepest = 100;

type Place = [code: ParseErrorCode, offset: number, length: number, line: number, column: number];

/** Ends a visit early. */
class Fault extends Error {}

/**
 * Reads a JSON object with comments and trailing commas as OpenCode does, which uses the same parser with the same
 * options (1.18.33). Why a text cannot be read is said by the kind of fault and its place, without a word of it: it
 * may be a secret.
 */
export function readJsoncObject(text: string): ReadObject {
  if (text.length > longest) return unreadable(`it has ${text.length} characters, more than ${longest}`);
  const fault = faultIn(text);
  if (fault !== undefined) return unreadable(fault);
  const value: unknown = parse(text, [], { allowTrailingComma: true });
  return isRecord(value) ? { kind: "object", value } : unreadable("it is not a JSON object");
}

function unreadable(why: string): ReadObject {
  return { kind: "unreadable", why };
}

/** The first fault, since `parse` collects all of them and calls itself for each level. */
function faultIn(text: string): string | undefined {
  let depth = 0;
  const enter = () => {
    depth += 1;
    if (depth > deepest) throw new Fault(`it has more than ${deepest} levels`);
  };
  const leave = () => {
    depth -= 1;
  };
  const refuse = (...[code, , , line, column]: Place) => {
    throw new Fault(`${printParseErrorCode(code)} at line ${line + 1}, column ${column + 1}`);
  };
  try {
    visit(
      text,
      {
        onObjectBegin: enter,
        onArrayBegin: enter,
        onObjectEnd: leave,
        onArrayEnd: leave,
        onObjectProperty: (name) => {
          // The parser would make it the object's prototype.
          if (name === "__proto__") throw new Fault('it has a key "__proto__"');
        },
        onError: refuse,
      },
      { allowTrailingComma: true },
    );
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}
