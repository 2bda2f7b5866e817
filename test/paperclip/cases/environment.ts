import { expect, test } from "vitest";
import { adapterType, type Stage } from "../stage/stage.ts";

export function environmentCases(stage: () => Stage): void {
  test("a sound configuration passes", async () => {
    const { api, companyId } = stage();
    const result = await api.testEnvironment(companyId, adapterType, { model: "scripted/scripted" });
    expect(result.checks.filter(({ level }) => level === "error")).toEqual([]);
    expect(result.status).not.toBe("fail");
  });

  test("a bad one fails, with a hint for each finding", async () => {
    const { api, companyId } = stage();
    const result = await api.testEnvironment(companyId, adapterType, { model: "no-provider", namespace: "default" });
    expect(result.status).toBe("fail");
    for (const check of result.checks.filter(({ level }) => level !== "info"))
      expect(check.hint, check.code).toBeTruthy();
  });
}
