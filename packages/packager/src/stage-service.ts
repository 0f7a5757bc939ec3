import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type ServiceDefinition, ServingError } from "@bento-ts/runtime/definition";
import type { ServiceBundle } from "./bundle/bundle-service.ts";
import { projectFiles } from "./files/project-files.ts";
import { copyInto, writeInto } from "./files/write-tree.ts";
import { pathInProject, type Project } from "./project.ts";

/** Where the author's code and files go in a bento; below it lies what lies in the project. */
const FOLDER = "service";

/** A value of JSON. */
type Json = Parameters<typeof JSON.stringify>[0];

/** Writes the bundle and its map; gives the bundle's path in the bento. */
export async function stageBundle(stage: string, project: Project, bundle: ServiceBundle): Promise<string> {
  const entry = entryPath(project, bundle);
  await writeInto(join(stage, entry), bundle.code);
  await writeInto(join(stage, `${entry}.map`), bundle.map);
  return entry;
}

/** Copies the files that `image.files` names to where they lie in the project. */
export async function stageFiles(stage: string, project: Project, entries: readonly string[]): Promise<void> {
  for (const path of await projectFiles(project.dir, entries)) {
    await copyInto(join(project.dir, path), join(stage, FOLDER, path));
  }
}

/** Copies the files of golden examples; gives the contents of those that are JSON, by the path that the author wrote. Throws FAILED_PRECONDITION for one that is missing. */
export async function stageExamples(
  stage: string,
  project: Project,
  definition: ServiceDefinition,
): Promise<Readonly<Record<string, Json>>> {
  const contents: Record<string, Json> = {};
  for (const { api, file } of exampleFiles(definition)) {
    const from = resolve(project.entryDir, file);
    const path = pathInProject(project, from);
    const place = `API "${api}": its example file ${file}`;
    if (path === undefined) throw new ServingError("FAILED_PRECONDITION", `${place} lies outside of the project`);
    try {
      await copyInto(from, join(stage, FOLDER, path));
    } catch (cause) {
      throw new ServingError("FAILED_PRECONDITION", `${place} can't be read`, { cause });
    }
    if (file.endsWith(".json")) contents[file] = parseExample(await readFile(from, "utf8"), place);
  }
  return contents;
}

function entryPath(project: Project, bundle: ServiceBundle): string {
  const folder = pathInProject(project, project.entryDir) ?? "";
  return [FOLDER, ...(folder === "" ? [] : [folder]), bundle.fileName].join("/");
}

function exampleFiles(definition: ServiceDefinition): readonly { readonly api: string; readonly file: string }[] {
  return definition.apis.flatMap(({ name: api, examples }) =>
    examples
      .flatMap(({ input, output }) => [input, output])
      .flatMap((value) => (value !== null && "file" in value ? [{ api, file: value.file }] : [])),
  );
}

function parseExample(text: string, place: string): Json {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ServingError("FAILED_PRECONDITION", `${place} is no JSON`, { cause });
  }
}
