import { open, stat, type FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { ServingError } from "../../errors.ts";
import { parseOnnxSource } from "./parse-onnx-file.ts";
import type { OnnxFileInfo } from "./types.ts";
import { fileSource } from "./wire-source.ts";

// A protobuf message cannot be larger; such models keep their weights in external files.
const MAX_FILE_BYTES = 2 ** 31 - 1;

/**
 * As `parseOnnxFile`, for a file of any size up to 2 GiB: weights are stepped over, memory stays within a few windows of 16 KiB
 * and what is returned.
 *
 * The walk itself is synchronous (milliseconds for usual models): for start-up and tools, not for the path of a request.
 * Throws NOT_FOUND when there is no such file, FAILED_PRECONDITION when it is no readable ONNX model.
 */
export async function readOnnxFile(path: string): Promise<OnnxFileInfo> {
  const name = basename(path);
  let handle: FileHandle | undefined;
  try {
    // Opening a pipe would wait for a writer for ever, so look first.
    if (!(await stat(path)).isFile())
      throw new ServingError("FAILED_PRECONDITION", `model file "${name}": expected a regular file`);
    handle = await open(path, "r");
    const { size } = await handle.stat();
    if (size > MAX_FILE_BYTES) throw tooLarge(size);
    return parseOnnxSource(fileSource(handle.fd, size));
  } catch (cause) {
    throw toModelFileError(cause, { name, path });
  } finally {
    await handle?.close();
  }
}

function tooLarge(sizeBytes: number): ServingError {
  return new ServingError(
    "FAILED_PRECONDITION",
    `not a readable ONNX model: expected at most 2 GiB (the limit of protobuf), got ${sizeBytes} bytes; export with external data instead`,
  );
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "this process may not read it",
  EPERM: "this process may not read it",
  ELOOP: "too many symbolic links",
  EMFILE: "too many open files",
  ENAMETOOLONG: "its name is too long",
};

/** Names the file by its last part only: the message may reach a caller, the full path goes to the log. */
function toModelFileError(cause: unknown, file: { readonly name: string; readonly path: string }): ServingError {
  const details = { path: file.path };
  if (cause instanceof ServingError) {
    return new ServingError(
      cause.code,
      cause.message.replace(/^not a readable ONNX model/, `"${file.name}" is not a readable ONNX model`),
      {
        details: { ...cause.details, ...details },
        cause,
      },
    );
  }
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ENOENT" || code === "ENOTDIR")
    return new ServingError("NOT_FOUND", `there is no model file "${file.name}"`, { details, cause });
  return new ServingError(
    "FAILED_PRECONDITION",
    `model file "${file.name}" cannot be read: ${REASONS[code] ?? "reading failed"}`,
    { details, cause },
  );
}
