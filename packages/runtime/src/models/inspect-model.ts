import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ServingError, type Problem } from "../errors.ts";
import { digestOf, sha256OfFile } from "./digest.ts";
import { findModelFiles } from "./model-files.ts";
import { formatOf } from "./model-format.ts";
import { assertServable, type LeftOutOutput, type OnnxFileInfo, readOnnxFile } from "./onnx-file/index.ts";
import * as savedModel from "./saved-model/index.ts";
import * as tfjs from "./tfjs/index.ts";

/** What is told of a model in any format. */
interface Inspected {
  /** Digest of the content, "sha256:…". */
  readonly digest: string;
  /** The file that an engine opens first, then those that hold weights; paths relative to its folder, `sha256` in hex. */
  readonly files: readonly { readonly path: string; readonly sizeBytes: number; readonly sha256: string }[];
  /** Why the model can't be served, one by one; empty when it can. */
  readonly refusals: readonly Problem[];
}

/** What an ONNX model says of itself, and whether it can be served; JSON-safe. */
export interface InspectedOnnx extends Inspected, Omit<OnnxFileInfo, "externalData"> {
  readonly format: "onnx";
  /** Outputs that answers leave out, with the reason. */
  readonly leftOut: readonly LeftOutOutput[];
}

/** What a SavedModel says of itself, and which of its signatures can't be served; JSON-safe. */
export interface InspectedSavedModel extends Inspected, savedModel.SavedModelInfo {
  readonly format: "saved-model";
}

/** What a TF.js model says of itself, and whether it can be served; JSON-safe. */
export interface InspectedTfjs extends Inspected, Omit<tfjs.TfjsInfo, "weights"> {
  readonly format: "tfjs";
}

export type InspectedModel = InspectedOnnx | InspectedSavedModel | InspectedTfjs;

/**
 * Reads what a model file, or the only one of a folder, says of itself. No engine is loaded.
 *
 * Throws NOT_FOUND when there is nothing at `path`, FAILED_PRECONDITION when it is no readable model.
 */
export async function inspectModel(path: string): Promise<InspectedModel> {
  const { root, main, paths } = await findModelFiles(path);
  const files = await Promise.all(
    paths.map(async (name) => {
      const file = join(root, name);
      return { path: name, sizeBytes: (await stat(file)).size, sha256: await sha256OfFile(file) };
    }),
  );
  const content = { digest: digestOf(files), files };
  if (formatOf(main) === "saved-model") {
    const info = await savedModel.readSavedModel(root);
    return { format: "saved-model", ...content, ...info, refusals: info.signatures.flatMap(signatureProblems) };
  }
  if (formatOf(main) === "tfjs") {
    const { weights: _files, ...info } = await tfjs.readTfjsModel(join(root, main));
    return { format: "tfjs", ...content, ...info, refusals: problemsIn(() => tfjs.assertServable(info)) };
  }
  const { externalData: _listed, ...info } = await readOnnxFile(join(root, main));
  return { format: "onnx", ...content, ...info, ...judge({ ...info, externalData: [] }) };
}

function judge(info: OnnxFileInfo): Pick<InspectedOnnx, "leftOut" | "refusals"> {
  try {
    return { leftOut: assertServable(info).leftOut, refusals: [] };
  } catch (cause) {
    return { leftOut: [], refusals: problemsOf(cause) };
  }
}

function signatureProblems(signature: savedModel.SavedModelSignature): readonly Problem[] {
  return problemsIn(() => savedModel.assertServable(signature)).map(({ path, message }) => ({
    path: `/${signature.name}${path}`,
    message,
  }));
}

function problemsIn(assert: () => unknown): readonly Problem[] {
  try {
    assert();
    return [];
  } catch (cause) {
    return problemsOf(cause);
  }
}

function problemsOf(cause: unknown): readonly Problem[] {
  if (!(cause instanceof ServingError)) throw cause;
  return cause.problems;
}
