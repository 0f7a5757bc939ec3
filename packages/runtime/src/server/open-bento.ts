import { readFile, realpath, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { BENTO_FILE_NAME, type BentoFile, parseBentoFile } from "../definition/bento-file.ts";
import { ServingError } from "../errors.ts";
import { readProtoRecord } from "../protocols/proto/record-file.ts";
import type { StartOptions } from "./start-server.ts";

/** A bento, ready to be given to `loadConfig` (`projectDir`, `serviceConfig`) and `startServer` (`start`). */
export interface OpenedBento {
  readonly file: BentoFile;
  /** Absolute folder of the bento; its `bento.yaml`, where it has one, is the project's. */
  readonly projectDir: string;
  readonly serviceConfig: BentoFile["definition"]["config"];
  readonly start: Required<
    Pick<StartOptions, "entry" | "baseDir" | "projectDir" | "digests" | "modelPaths" | "sourceMaps">
  > &
    Pick<StartOptions, "protoRecord">;
}

/** Whether a path is a folder that holds a bento. */
export async function isBento(path: string): Promise<boolean> {
  const found = await stat(join(path, BENTO_FILE_NAME)).catch(() => undefined);
  return found?.isFile() === true;
}

/** Opens the bento in a folder. Throws FAILED_PRECONDITION when there is none or its format is not this version's. */
export async function openBento(dir: string): Promise<OpenedBento> {
  // Real: code that names its models by its own place gives real paths.
  const projectDir = await realpath(dir).catch(() => resolve(dir));
  const file = parseBentoFile(await readBentoFile(projectDir));
  const entryFile = join(projectDir, file.entry);
  const digests: Record<string, string> = {};
  const modelPaths: Record<string, string> = {};
  for (const { source, path, digest } of file.models) {
    if (path === null || digest === null) continue;
    // A model that stands where the code looks for it, in a package for example, is named by its absolute path there.
    const isStanding = path === source || path.startsWith(`${source}/`);
    digests[isStanding ? join(projectDir, source) : source] = digest;
    if (!isStanding) modelPaths[source] = join(projectDir, path);
  }
  return {
    file,
    projectDir,
    serviceConfig: file.definition.config,
    start: {
      entry: { kind: "module", file: entryFile },
      baseDir: dirname(entryFile),
      projectDir,
      digests,
      modelPaths,
      protoRecord: await readProtoRecord(projectDir),
      // The bundle's map leads stack traces in logs back to the author's lines.
      sourceMaps: true,
    },
  };
}

async function readBentoFile(dir: string): Promise<string> {
  try {
    return await readFile(join(dir, BENTO_FILE_NAME), "utf8");
  } catch (cause) {
    throw new ServingError(
      "FAILED_PRECONDITION",
      `${dir} is no bento: it has no readable ${BENTO_FILE_NAME}; make one with "bento-ts build"`,
      { cause },
    );
  }
}
