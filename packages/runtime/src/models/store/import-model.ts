import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ServingError } from "../../errors.ts";
import { digestOf } from "../digest.ts";
import { findModelFiles } from "../model-files.ts";
import { formatOf } from "../model-format.ts";
import { parseOnnxFile } from "../onnx-file/index.ts";
import type { StoreLayout } from "./layout.ts";
import { assertMetadata, type ModelManifest, type StoredFile } from "./manifest.ts";
import { placeModel } from "./place-model.ts";
import { withStaging } from "./staging.ts";
import { parseExactTag } from "./tag.ts";
import { type CopyOptions, countProgress, writeHashed } from "./write-hashed.ts";

export interface ImportOptions extends CopyOptions {
  /** What to remember of the model: texts by name. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Copies a model into the store under a tag; see `ModelStore.import`. `createdAt` is what the manifest will say. */
export async function importModel(
  layout: StoreLayout,
  request: {
    readonly tag: string;
    readonly model: string | Uint8Array;
    readonly options: ImportOptions;
    readonly createdAt: Date;
  },
): Promise<ModelManifest> {
  const { name, version } = parseExactTag(request.tag);
  const metadata: unknown = request.options.metadata ?? {};
  assertMetadata(metadata);
  const { root, paths, totalBytes, open } = await describe(request.model);
  const onBytes = countProgress(totalBytes, request.options.onProgress);
  return withStaging(layout, async (dir) => {
    const staged = join(dir, "model");
    const files: StoredFile[] = [];
    for (const path of paths) {
      const target = { path: join(staged, path), onBytes, signal: request.options.signal };
      files.push({ path, ...(await writeHashed(open(join(root, path)), target)) });
    }
    const [main = BYTES_NAME] = paths;
    const manifest: ModelManifest = {
      formatVersion: 1,
      name,
      version,
      digest: digestOf(files),
      format: formatOf(main),
      main,
      files,
      createdAt: request.createdAt.toISOString(),
      metadata: { ...metadata },
    };
    return placeModel(layout, staged, manifest);
  });
}

const BYTES_NAME = "model.onnx";

interface Described {
  readonly root: string;
  readonly paths: readonly string[];
  readonly totalBytes: number;
  open(path: string): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

async function describe(model: string | Uint8Array): Promise<Described> {
  if (typeof model === "string") {
    const { root, paths } = await findModelFiles(model);
    let totalBytes = 0;
    for (const path of paths) totalBytes += (await stat(join(root, path))).size;
    return { root, paths, totalBytes, open: (path) => createReadStream(path) };
  }
  const { externalData } = parseOnnxFile(model);
  if (externalData.length > 0) throw needsFolder(externalData);
  return { root: "", paths: [BYTES_NAME], totalBytes: model.length, open: () => [model] };
}

function needsFolder(externalData: readonly string[]): ServingError {
  const names = externalData.slice(0, 3).join(", ");
  return new ServingError(
    "FAILED_PRECONDITION",
    `this model keeps weights in other files (${names}): import it by the path of its folder, not as bytes`,
  );
}
