import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ServingError } from "@bento-ts/runtime/definition";
import { copyInto } from "./files/write-tree.ts";
import { SCRIPTS_FOLDER, type ScriptFacts } from "./image/image-plan.ts";
import type { Project } from "./project.ts";

/** Copies the scripts that `image.scripts` names; gives them in the same order. Throws FAILED_PRECONDITION for one that is missing. */
export async function stageScripts(
  stage: string,
  project: Project,
  entries: readonly string[],
): Promise<readonly ScriptFacts[]> {
  const scripts: ScriptFacts[] = [];
  for (const path of entries) {
    const from = join(project.dir, path);
    const text = await readFile(from, "latin1").catch((cause: unknown) => {
      throw new ServingError("FAILED_PRECONDITION", `image.scripts: ${path} can't be read in the project`, { cause });
    });
    await copyInto(from, join(stage, SCRIPTS_FOLDER, path), { isProgram: true });
    scripts.push({ path, hasInterpreter: text.startsWith("#!") });
  }
  return scripts;
}
