import { join } from "node:path";
import type { BentoModel, BentoModelFile } from "@bento-ts/runtime/definition";
import type { DescribedModel } from "./describe/describe-project.ts";
import { hashedCopy } from "./files/hashed-copy.ts";

/** Characters of a digest that name a model's folder: enough for models never to meet, few enough to read. */
const DIGEST_LENGTH = 16;

/** Copies models into `models/<start of their digest>/` of a bento, each content once, and gives their rows of bento.json. */
export async function placeModels(
  models: readonly DescribedModel[],
  { to, signal }: { readonly to: string; readonly signal: AbortSignal },
): Promise<readonly BentoModel[]> {
  const copied = new Map<string, readonly BentoModelFile[]>();
  const rows: BentoModel[] = [];
  for (const { source, engine, found } of models) {
    if (found === null) {
      rows.push({ source, engine, path: null, digest: null, files: [] });
      continue;
    }
    const { files, digest } = found;
    const folder = `models/${digest.slice("sha256:".length, "sha256:".length + DIGEST_LENGTH)}`;
    const path = `${folder}/${files.main}`;
    const known = copied.get(path) ?? (await copyModel(files, { folder, to, signal }));
    copied.set(path, known);
    rows.push({ source, engine, path, digest, files: known });
  }
  return rows;
}

async function copyModel(
  { root, paths }: NonNullable<DescribedModel["found"]>["files"],
  { folder, to, signal }: { readonly folder: string; readonly to: string; readonly signal: AbortSignal },
): Promise<readonly BentoModelFile[]> {
  const files: BentoModelFile[] = [];
  for (const name of paths) {
    const path = `${folder}/${name}`;
    files.push({ path, ...(await hashedCopy(join(root, name), join(to, path), signal)) });
  }
  return files;
}
