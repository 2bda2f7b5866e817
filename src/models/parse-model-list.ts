import { parseModelId } from "../opencode/model-id.ts";
import { type Model, modelOf } from "./model.ts";

/** The output of `opencode models`: one `provider/model` a line (1.18.33); other lines are notices. */
export function parseModelList(stdout: string): Model[] {
  const ids = stdout.split(/\r?\n/).map((line) => line.trim());
  const models = [...new Set(ids)].filter((id) => parseModelId(id) !== undefined);
  return models.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).map(modelOf);
}
