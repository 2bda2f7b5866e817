import { describe, expect, test } from "vitest";
import { readDesign } from "./architecture/design.ts";
import {
  classesOf,
  filesUnder,
  type Import,
  importsOf,
  linesOfCode,
  partOf,
  readText,
  sources,
} from "./architecture/source.ts";

const { parts, packages } = readDesign();
const imports = sources().flatMap(importsOf);
const told = ({ file, target, typesOnly }: Import) => `${file} imports ${typesOnly ? "types" : "values"} of ${target}`;

describe("the table of docs/design.md", () => {
  test("has a row for each part of src, and none for what is not there", () => {
    const there = new Set(sources().map(partOf));
    expect([...parts.keys()].toSorted()).toEqual([...there].toSorted());
  });

  test("allows every import there is", () => {
    const forbidden = imports.filter((one) => {
      const from = partOf(one.file);
      if (!one.own || from === partOf(one.target)) return false;
      const allowed = parts.get(from)?.get(partOf(one.target));
      if (!allowed) return true;
      const named = allowed.values === "all" || allowed.values.some((name) => one.target.endsWith(`/${name}.ts`));
      return !one.typesOnly && !named;
    });
    expect(forbidden.map(told)).toEqual([]);
  });

  test("allows nothing that no file makes use of, apart from lib and the entries", () => {
    const used = new Set(
      imports.filter(({ own }) => own).map(({ file, target }) => `${partOf(file)} ${partOf(target)}`),
    );
    const listed = [...parts].filter(([name]) => name.endsWith("/") && name !== "run/");
    const unused = listed.flatMap(([name, allowed]) =>
      [...allowed.keys()].filter((target) => target !== name && target !== "lib/" && !used.has(`${name} ${target}`)),
    );
    expect(unused).toEqual([]);
  });

  test("says where the values of each package are used, and how they are loaded", () => {
    const wrong = imports.filter((one) => {
      if (one.own || one.typesOnly) return false;
      const rule = packages.get(one.target);
      return !rule?.folders.includes(partOf(one.file)) || (rule.onFirstUse && !one.dynamic);
    });
    expect(wrong.map(told)).toEqual([]);
  });
});

test("a part imports only from parts above it in the table, also types", () => {
  const order = [...parts.keys()];
  const upward = imports.filter(({ file, target, own }) => {
    const [from, to] = [order.indexOf(partOf(file)), order.indexOf(partOf(target))];
    return own && to > from;
  });
  expect(upward.map(told)).toEqual([]);
});

test("the run page's parser reaches nothing but the words of OpenCode", () => {
  const reached = new Set<string>();
  const follow = (file: string) => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const { target, own, typesOnly } of importsOf(file)) {
      expect(own || typesOnly, `${file} imports ${target}`).toBe(true);
      if (own && !typesOnly) follow(`src/${target}`);
    }
  };
  follow("src/ui-parser.ts");
  expect([...reached].map(partOf).filter((part) => !["ui-parser.ts", "opencode/", "lib/"].includes(part))).toEqual([]);
});

describe("every file", () => {
  test("of src has at most 250 lines of code", () => {
    const lengths = sources().map((file) => ({ file, lines: linesOfCode(readText(file)) }));
    expect(lengths.filter(({ lines }) => lines > 250)).toEqual([]);
  });

  test("of src has no class of more than 120 lines of code", () => {
    const classes = sources().flatMap((file) => classesOf(readText(file)).map((each) => ({ file, ...each })));
    expect(classes.length).toBeGreaterThan(10);
    expect(classes.filter(({ lines }) => lines > 120)).toEqual([]);
  });

  test("of src keeps no state in its module", () => {
    const mutable =
      /^(export )?(let |var |const \w+ = new (Map|Set|WeakMap|WeakSet|Array)\b|const \w+(: [^=]*)? = \[\];)/m;
    expect(sources().filter((file) => mutable.test(readText(file)))).toEqual([]);
  });

  test("names relative imports with their ending", () => {
    const wrong = imports.filter(({ own, target }) => own && !/\.(ts|sh\?raw)$/.test(target));
    expect(wrong.map(told)).toEqual([]);
  });

  test("tests the real modules: nothing is mocked", () => {
    const mocks = new RegExp(["vi", "(mock|doMock|hoisted)\\("].join("\\."));
    expect([...filesUnder("src"), ...filesUnder("test")].filter((file) => mocks.test(readText(file)))).toEqual([]);
  });

  test("of src goes round the compiler nowhere", () => {
    const rounds = /\bas unknown as\b|@ts-(ignore|expect-error|nocheck)/;
    expect(sources().filter((file) => rounds.test(readText(file)))).toEqual([]);
  });
});

describe("the size of a class", () => {
  test.each([
    ["class A {\n  a = 1;\n}\n", [{ name: "A", lines: 3 }]],
    ["export class A<T> extends B {\n  /** Not code. */\n\n  // Nor this.\n  a = 1;\n}\n", [{ name: "A", lines: 3 }]],
    [
      "class A {}\nexport abstract class B {\n  b() {\n    return {\n    };\n  }\n}\nclass C {\n}",
      [
        { name: "A", lines: 1 },
        { name: "B", lines: 6 },
        { name: "C", lines: 2 },
      ],
    ],
    [
      "function f() {\n  return class Inner {\n    a = 1;\n  };\n}\nconst D = class {\n  d = 1;\n};",
      [
        { name: "Inner", lines: 3 },
        { name: "", lines: 3 },
      ],
    ],
    ["// class X {\nconst text = 1;\n", []],
  ])("is measured in lines of code: %j", (text, found) => {
    expect(classesOf(text)).toEqual(found);
  });
});
