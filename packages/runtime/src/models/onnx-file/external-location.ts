import { posix } from "node:path";
import { damagedModel } from "../wire/damaged.ts";
import { ONNX_FORMAT } from "./format.ts";

/**
 * The place of an external tensor file, relative to the model's folder and inside it, in its shortest spelling.
 *
 * Throws FAILED_PRECONDITION for a missing, absolute or climbing location: whoever copies or opens the files that a
 * model names must never be led out of its folder.
 * Source: onnx.proto, TensorProto.external_data, "POSIX filesystem path relative to the directory where the ONNX model was stored".
 */
export function externalLocation(
  location: string | undefined,
  tensor: { readonly tensor: string; readonly byteOffset: number },
): string {
  if (location === undefined || location === "") {
    throw damagedModel(
      ONNX_FORMAT,
      tensor.byteOffset,
      `tensor ${quoted(tensor.tensor)} lies in an external file, but the model does not name the file`,
    );
  }
  // Windows reads a backslash as a separator and "C:" as a drive, so both count wherever the model is opened.
  const climbs = location.split(/[/\\]/).includes("..");
  if (climbs || /^(?:[/\\]|[A-Za-z]:)/.test(location) || location.includes("\0")) {
    throw damagedModel(
      ONNX_FORMAT,
      tensor.byteOffset,
      `tensor ${quoted(tensor.tensor)}: its external file must lie inside the model's folder, got ${quoted(location)}`,
    );
  }
  const normal = posix.normalize(location);
  if (normal === "." || normal.endsWith("/")) {
    throw damagedModel(
      ONNX_FORMAT,
      tensor.byteOffset,
      `tensor ${quoted(tensor.tensor)}: expected an external file, got the folder ${quoted(location)}`,
    );
  }
  return normal;
}

/** A text of the file as it may stand in a message: short, and without control characters. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
