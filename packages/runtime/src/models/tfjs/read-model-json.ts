import { open, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ServingError } from "../../errors.ts";
import { assertNoLookalike } from "../wire/assert-no-lookalike.ts";
import { readModelFile } from "../wire/read-model-file.ts";
import { notReadable, TFJS_FORMAT } from "./json-value.ts";
import { type ModelJson, parseModelJson } from "./parse-model-json.ts";
import type { TfjsInfo, WeightGroup } from "./types.ts";

/** The name under which converters write the topology, beside the files of weights. */
export const MODEL_JSON = "model.json";

/** A string of JavaScript has at most 512 MiB; a topology without its weights seldom has more than one. */
const MAX_JSON_BYTES = 256 * 1024 * 1024;

/**
 * Reads what a TF.js model says of itself, and looks at the files of its weights; without TensorFlow.js.
 *
 * Throws NOT_FOUND when there is no such file, FAILED_PRECONDITION, in one sentence, when it is no TF.js model or one of its files is missing or cut.
 */
export async function readTfjsModel(path: string): Promise<TfjsInfo> {
  return (await readModelJson(path)).info;
}

/** The same with the JSON itself, for the library. */
export async function readModelJson(path: string): Promise<ModelJson> {
  const model = await readModelFile(path, {
    name: TFJS_FORMAT,
    tooLargeAdvice: "its weights belong in files of their own",
    shown: shownJson,
    parse: (source) => {
      if (source.sizeBytes > MAX_JSON_BYTES) {
        throw notReadable(
          `expected at most 256 MiB of JSON, got ${source.sizeBytes} bytes: its weights belong in files of their own`,
        );
      }
      assertNoLookalike(source, []);
      return parseModelJson(Buffer.from(source.bytesAt(0, source.sizeBytes)).toString("utf8"));
    },
  });
  for (const group of model.info.weights) await assertWeights(path, group);
  return model;
}

/** The files of a TF.js model beside its JSON, each once, in order; paths relative to its folder, with slashes. */
export function weightFiles({ weights }: TfjsInfo): readonly string[] {
  return [...new Set(weights.flatMap(({ paths }) => paths))].sort();
}

/** The content of all files of weights, one behind the other. Throws FAILED_PRECONDITION when a file is missing or is not as long as it was. */
export async function readWeights(path: string, { weights }: TfjsInfo): Promise<ArrayBuffer> {
  const files = weights.flatMap(({ paths }) => paths);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(dirname(path), file))).size));
  const bytes = new Uint8Array(sizes.reduce((total, size) => total + size, 0));
  let start = 0;
  for (const [index, file] of files.entries()) {
    const end = start + (sizes[index] ?? 0);
    await readInto(join(dirname(path), file), bytes.subarray(start, end));
    start = end;
  }
  return bytes.buffer;
}

async function readInto(path: string, target: Uint8Array): Promise<void> {
  const handle = await open(path, "r");
  try {
    for (let filled = 0; filled < target.length;) {
      const { bytesRead } = await handle.read(target, filled, target.length - filled, filled);
      if (bytesRead === 0)
        throw new ServingError("FAILED_PRECONDITION", `"${basename(path)}" was cut while it was read: start again`);
      filled += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

/** How messages call the file: most are called model.json, and the folder tells which one it is. */
function shownJson(path: string): string {
  return basename(path) === MODEL_JSON ? `${basename(dirname(path))}/${MODEL_JSON}` : basename(path);
}

async function assertWeights(path: string, { paths, byteLength }: WeightGroup): Promise<void> {
  let got = 0;
  for (const file of paths) {
    const found = await stat(join(dirname(path), file)).catch(() => undefined);
    if (found?.isFile() !== true) {
      throw faulty(path, `expected the file ${file} beside it, which is not there; copy the whole folder`, file);
    }
    got += found.size;
  }
  if (byteLength === undefined || got === byteLength) return;
  const files = paths.length === 1 ? `${paths[0]} has` : `${paths[0]} to ${paths.at(-1)} have`;
  throw faulty(path, `they take ${byteLength} bytes, ${files} ${got}; copy the whole folder again`, paths[0] ?? "");
}

function faulty(path: string, fault: string, file: string): ServingError {
  return new ServingError("FAILED_PRECONDITION", `"${shownJson(path)}" lacks weights: ${fault}`, {
    details: { path: join(dirname(path), file) },
  });
}
