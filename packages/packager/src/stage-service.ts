import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type ServiceDefinition, ServingError } from "@bento-ts/runtime/definition";
import type { ServiceBundle } from "./bundle/bundle-service.ts";
import { isDiskFull } from "./files/disk-full.ts";
import { projectFiles } from "./files/project-files.ts";
import { copyInto, writeInto } from "./files/write-tree.ts";
import { namedFile } from "./named-file.ts";
import { pathInProject, type Project } from "./project.ts";

/** Where the author's code and files go in a bento; below it lies what lies in the project. */
const FOLDER = "service";

/** A value of JSON. */
type Json = Parameters<typeof JSON.stringify>[0];

/** A file of the author's in a bento, and why it is there. */
export interface StagedFile {
  readonly path: string;
  readonly bytes: number;
  readonly why: "code" | "source map" | "image.files" | "golden example";
}

/** Writes the bundle and its map; gives the bundle first. */
export async function stageBundle(
  stage: string,
  project: Project,
  bundle: ServiceBundle,
): Promise<readonly [StagedFile, StagedFile]> {
  const path = entryPath(project, bundle);
  await writeInto(join(stage, path), bundle.code);
  await writeInto(join(stage, `${path}.map`), bundle.map);
  return [
    { path, bytes: Buffer.byteLength(bundle.code), why: "code" },
    { path: `${path}.map`, bytes: Buffer.byteLength(bundle.map), why: "source map" },
  ];
}

/** Copies the files that `image.files` names to where they lie in the project. */
export async function stageFiles(
  stage: string,
  project: Project,
  entries: readonly string[],
): Promise<readonly StagedFile[]> {
  const staged: StagedFile[] = [];
  for (const file of await projectFiles(project.dir, entries)) {
    const path = `${FOLDER}/${file}`;
    const from = join(project.dir, file);
    try {
      await copyInto(from, join(stage, path));
    } catch (cause) {
      throw unreadable(`image.files: ${file}`, cause);
    }
    staged.push({ path, bytes: (await stat(from)).size, why: "image.files" });
  }
  return staged;
}

/** Files of golden examples in a bento. */
export interface StagedExamples {
  readonly files: readonly StagedFile[];
  /** Of those that are JSON, by the path that the author wrote. */
  readonly contents: Readonly<Record<string, Json>>;
}

/** Copies the files of golden examples. Throws what `namedFile` does. */
export async function stageExamples(
  stage: string,
  project: Project,
  definition: ServiceDefinition,
): Promise<StagedExamples> {
  const files = new Map<string, StagedFile>();
  const contents: Record<string, Json> = {};
  for (const { api, file } of exampleFiles(definition)) {
    const place = `API "${api}": its example file ${file}`;
    const { path, real: from } = await namedFile(project, resolve(project.entryDir, file), place);
    try {
      await copyInto(from, join(stage, FOLDER, path));
    } catch (cause) {
      throw unreadable(place, cause);
    }
    const staged = `${FOLDER}/${path}`;
    files.set(staged, { path: staged, bytes: (await stat(from)).size, why: "golden example" });
    if (file.endsWith(".json")) contents[file] = parseExample(await readFile(from, "utf8"), place);
  }
  return { files: [...files.values()], contents };
}

/** A full disk is no fault of the file's. */
function unreadable(place: string, cause: unknown): unknown {
  if (isDiskFull(cause)) return cause;
  return new ServingError("FAILED_PRECONDITION", `${place} can't be read`, { cause });
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
