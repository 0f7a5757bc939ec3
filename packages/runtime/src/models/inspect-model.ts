import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ServingError, type Problem } from "../errors.ts";
import { digestOf, sha256OfFile } from "./digest.ts";
import { findModelFiles } from "./model-files.ts";
import { assertServable, type LeftOutOutput, type OnnxFileInfo, readOnnxFile } from "./onnx-file/index.ts";

/** What a model file says of itself, and whether it can be served; JSON-safe. */
export interface InspectedModel extends Omit<OnnxFileInfo, "externalData"> {
  readonly format: "onnx";
  /** Digest of the content, "sha256:…". */
  readonly digest: string;
  /** The file that an engine opens first, then those that hold weights; paths relative to its folder, `sha256` in hex. */
  readonly files: readonly { readonly path: string; readonly sizeBytes: number; readonly sha256: string }[];
  /** Outputs that answers leave out, with the reason. */
  readonly leftOut: readonly LeftOutOutput[];
  /** Why the model can't be served, one by one; empty when it can. */
  readonly refusals: readonly Problem[];
}

/**
 * Reads what a model file, or the only one of a folder, says of itself. No engine is loaded.
 *
 * Throws NOT_FOUND when there is nothing at `path`, FAILED_PRECONDITION when it is no readable model.
 */
export async function inspectModel(path: string): Promise<InspectedModel> {
  const { root, main, paths } = await findModelFiles(path);
  const { externalData: _listed, ...info } = await readOnnxFile(join(root, main));
  const files = await Promise.all(
    paths.map(async (name) => {
      const file = join(root, name);
      return { path: name, sizeBytes: (await stat(file)).size, sha256: await sha256OfFile(file) };
    }),
  );
  return { format: "onnx", digest: digestOf(files), files, ...info, ...judge({ ...info, externalData: [] }) };
}

function judge(info: OnnxFileInfo): Pick<InspectedModel, "leftOut" | "refusals"> {
  try {
    return { leftOut: assertServable(info).leftOut, refusals: [] };
  } catch (cause) {
    if (!(cause instanceof ServingError)) throw cause;
    return { leftOut: [], refusals: cause.problems };
  }
}
