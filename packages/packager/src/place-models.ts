import { existsSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { type BentoModel, type BentoModelFile, ServingError } from "@bento-ts/runtime/definition";
import type { DescribedModel } from "./describe/describe-project.ts";
import { type FileFacts, fileFacts, hashedCopy } from "./files/hashed-copy.ts";

/** Characters of a digest that name a model's folder: enough for models never to meet, few enough to read. */
const DIGEST_LENGTH = 16;

interface PlaceOptions {
  /** Folder of the bento, where the service was described. */
  readonly stage: string;
  readonly signal: AbortSignal;
}

/**
 * Brings models into a bento and gives their rows of bento.json.
 *
 * One that the code names by a relative path or a store tag is copied into `models/<start of its digest>/`, each content once. One that it finds by an absolute
 * path inside the bento (in a package, or beside its own file) stays there. Any other absolute path is mounted when the service runs. Throws
 * FAILED_PRECONDITION for a path inside the bento at which nothing stands.
 */
export async function placeModels(
  models: readonly DescribedModel[],
  options: PlaceOptions,
): Promise<readonly BentoModel[]> {
  const copied = new Map<string, readonly BentoModelFile[]>();
  const rows: BentoModel[] = [];
  for (const model of models) {
    const { source, engine, found } = model;
    if (isAbsolute(source)) {
      rows.push(await standingModel(model, options));
    } else if (found !== null) {
      const { files, digest } = found;
      const folder = `models/${digest.slice("sha256:".length, "sha256:".length + DIGEST_LENGTH)}`;
      const path = `${folder}/${files.main}`;
      const known = copied.get(path) ?? (await copyModel(files, { ...options, folder }));
      copied.set(path, known);
      rows.push({ source, engine, path, digest, files: known });
    }
  }
  return rows;
}

/** A model at an absolute path: part of the bento, or mounted later. */
async function standingModel({ source, engine, found }: DescribedModel, { stage }: PlaceOptions): Promise<BentoModel> {
  const path = relative(stage, source).replaceAll("\\", "/");
  if (path.startsWith("../") || isAbsolute(path)) return { source, engine, path: null, digest: null, files: [] };
  if (found === null || !existsSync(source)) {
    const place = path.replace(/^service\//, "");
    throw new ServingError(
      "FAILED_PRECONDITION",
      `model "${place}" is named by an absolute path and not in the bento: name it relative to the service's file, as in onnx("models/forest.onnx"), or list it under image.files`,
    );
  }
  const folder = relative(stage, found.files.root).replaceAll("\\", "/");
  const files: BentoModelFile[] = [];
  for (const name of found.files.paths) {
    files.push({ path: `${folder}/${name}`, ...(await fileFacts(join(found.files.root, name))) });
  }
  // The machine that builds must not show: what the code will name is this path in the bento.
  return { source: path, engine, path: `${folder}/${found.files.main}`, digest: found.digest, files };
}

async function copyModel(
  { root, paths }: NonNullable<DescribedModel["found"]>["files"],
  { folder, stage, signal }: PlaceOptions & { readonly folder: string },
): Promise<readonly BentoModelFile[]> {
  const files: BentoModelFile[] = [];
  for (const name of paths) {
    const path = `${folder}/${name}`;
    const facts: FileFacts = await hashedCopy(join(root, name), join(stage, path), { signal });
    files.push({ path, ...facts });
  }
  return files;
}
