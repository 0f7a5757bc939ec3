import { dirname, isAbsolute, relative, resolve } from "node:path";
import { type Config, loadConfig } from "@bento-ts/runtime/config";
import { type ServiceDefinition, ServingError } from "@bento-ts/runtime/definition";

/** The author's project as a build sees it; paths are absolute. */
export interface Project {
  readonly dir: string;
  readonly entryFile: string;
  /** Folder of the entry: what relative paths of the code mean. */
  readonly entryDir: string;
}

/** Throws INVALID_ARGUMENT when the entry lies outside of the project. */
export function openProject(projectDir: string, entryFile: string): Project {
  const file = resolve(entryFile);
  const project = { dir: resolve(projectDir), entryFile: file, entryDir: dirname(file) };
  if (pathInProject(project, project.entryFile) === undefined) {
    throw new ServingError("INVALID_ARGUMENT", `${project.entryFile} lies outside of the project ${project.dir}`);
  }
  return project;
}

/** A path relative to the project, with "/"; undefined for one that lies outside. */
export function pathInProject({ dir }: Pick<Project, "dir">, path: string): string | undefined {
  const inside = relative(dir, path).replaceAll("\\", "/");
  return inside === ".." || inside.startsWith("../") || isAbsolute(inside) ? undefined : inside;
}

/**
 * The configuration as far as an image has it: the author's code and bento.yaml, and of variables only `BENTO_IMAGE_*`, since the others
 * are for the server of the machine that builds. Throws FAILED_PRECONDITION that lists what is refused.
 */
export async function projectConfig(
  { dir }: Pick<Project, "dir">,
  {
    env,
    definition,
  }: { readonly env: Readonly<Record<string, string | undefined>>; readonly definition?: ServiceDefinition },
): Promise<{ readonly config: Config; readonly warnings: readonly string[] }> {
  return loadConfig({
    env: Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith("BENTO_IMAGE_"))),
    projectDir: dir,
    imageDefaults: true,
    ...(definition === undefined ? {} : { serviceConfig: definition.config }),
  });
}
