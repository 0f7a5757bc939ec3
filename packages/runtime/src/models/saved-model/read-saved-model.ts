import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { ServingError } from "../../errors.ts";
import { readModelFile } from "../wire/read-model-file.ts";
import { parseSavedModelSource, SAVED_MODEL_FORMAT } from "./parse-saved-model.ts";
import type { SavedModelInfo } from "./types.ts";

/** The file that makes a folder a SavedModel. */
export const SAVED_MODEL_FILE = "saved_model.pb";

/**
 * Reads what a SavedModel says of itself, without TensorFlow.
 *
 * Throws NOT_FOUND when the folder holds none, FAILED_PRECONDITION when it is damaged, is not for serving, or lacks the files of its variables.
 */
export async function readSavedModel(dir: string): Promise<SavedModelInfo> {
  const info = await readModelFile(join(dir, SAVED_MODEL_FILE), {
    name: SAVED_MODEL_FORMAT,
    tooLargeAdvice: "export with variables, which lie in files of their own",
    // Every SavedModel calls its file so: the folder tells which one it is.
    shown: () => `${basename(dir)}/${SAVED_MODEL_FILE}`,
    parse: parseSavedModelSource,
  });
  if (info.hasVariables) await assertVariables(dir);
  return info;
}

/** What belongs to a SavedModel beside its graph, if it is there. Source: tensorflow/cc/saved_model/constants.h. */
const FURTHER = ["assets", "fingerprint.pb", "variables"];

/** The files of a SavedModel beside `saved_model.pb`, in order; paths relative to its folder, with slashes. */
export async function savedModelFiles(dir: string): Promise<readonly string[]> {
  const files: string[] = [];
  for (const path of FURTHER) files.push(...(await filesAt(dir, path)));
  return files.sort();
}

/** Links count as what they lead to: mounted volumes are full of them. */
async function filesAt(dir: string, path: string): Promise<readonly string[]> {
  const found = await stat(join(dir, path)).catch(() => undefined);
  if (found === undefined) return [];
  if (!found.isDirectory()) return [path];
  const files: string[] = [];
  // Hidden ones are those of file managers and of mounted volumes, which would change the digest from place to place.
  const names = (await readdir(join(dir, path))).filter((name) => !name.startsWith("."));
  for (const name of names) files.push(...(await filesAt(dir, `${path}/${name}`)));
  return files;
}

const SHARD = /^variables\.data-\d{5}-of-(\d{5})$/;

/** Source: tensorflow/core/util/tensor_bundle: an index, and as many shards as the name of each says. */
async function assertVariables(dir: string): Promise<void> {
  const names = await readdir(join(dir, "variables")).catch((): string[] => []);
  const shards = names.filter((name) => SHARD.test(name)).sort();
  const wanted = Number(SHARD.exec(shards[0] ?? "")?.[1] ?? 1);
  const missing = [
    "variables.index",
    ...Array.from({ length: wanted }, (_, index) => `variables.data-${fiveDigits(index)}-of-${fiveDigits(wanted)}`),
  ].find((name) => !names.includes(name));
  if (missing === undefined) return;
  throw new ServingError(
    "FAILED_PRECONDITION",
    `the SavedModel "${basename(dir)}" lacks values of its variables: expected ${missing} in its folder variables; copy the whole folder`,
    { details: { path: join(dir, "variables", missing) } },
  );
}

function fiveDigits(number: number): string {
  return String(number).padStart(5, "0");
}
