import { describe, expect, test } from "vitest";
import { LauncherOutput } from "./launcher-output.ts";

const lines = (...texts: string[]) => texts.map((text) => ({ bytes: Buffer.from(text) }));

describe("an agent whose output holds its own run's nonce", () => {
  const listings = [
    '{"type":"tool_use","output":"PID CMD\\n 7 perl @n0: 15000\\n 9 sh"}',
    '{"type":"tool_use","output":"OPENCODE_K8S_NONCE=n0 @n0:"}',
    '{"type":"text","text":"the mark is @n0:end 0\\nand @n0:done\\n"}',
    '{"type":"text","text":"@n0:start 1 @n0:beat @n0:end 1000"}',
    '@n0:ended 0"}',
    '@n0:constructor "}',
  ];

  test.each(listings)("is told as it is: %s", (listing) => {
    const output = new LauncherOutput("n0");
    const events = output.push(lines("@n0:start 1", listing, '{"type":"step_finish"}'));
    expect(events).toEqual([
      { kind: "started" },
      { kind: "stdout", text: listing },
      { kind: "stdout", text: '{"type":"step_finish"}' },
    ]);
    expect(output.endedWith).toBeUndefined();
  });

  test("still has its marks found behind it", () => {
    const output = new LauncherOutput("n0");
    const events = output.push(lines("@n0:done", "the mark is @n0: and more@n0:end 3"));
    expect(events).toEqual([
      { kind: "stdout", text: "the mark is @n0: and more" },
      { kind: "ended", exitCode: 3 },
    ]);
  });
});
