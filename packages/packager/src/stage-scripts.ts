import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { copyInto } from "./files/write-tree.ts";
import { SCRIPTS_FOLDER, type ScriptFacts } from "./image/image-plan.ts";
import { namedFile } from "./named-file.ts";
import type { Project } from "./project.ts";

/** Copies the scripts that `image.scripts` names; gives them in the same order. Throws what `namedFile` does. */
export async function stageScripts(
  stage: string,
  project: Project,
  entries: readonly string[],
): Promise<readonly ScriptFacts[]> {
  const scripts: ScriptFacts[] = [];
  for (const path of entries) {
    const { real: from } = await namedFile(project, join(project.dir, path), `image.scripts: ${path}`);
    const text = await readFile(from, "latin1");
    await copyInto(from, join(stage, SCRIPTS_FOLDER, path), { isProgram: true });
    scripts.push({ path, hasInterpreter: text.startsWith("#!") });
  }
  return scripts;
}
