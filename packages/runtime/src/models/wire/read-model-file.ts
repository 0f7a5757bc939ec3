import { open, stat, type FileHandle } from "node:fs/promises";
import { ServingError } from "../../errors.ts";
import { fileSource, type WireSource } from "./wire-source.ts";

/** How a protobuf file of one format is read. */
export interface ModelFileFormat<T> {
  /** "ONNX model". */
  readonly name: string;
  /** What to do about a file past the limit of protobuf. */
  readonly tooLargeAdvice: string;
  /** How messages call the file; the full path goes to the log. */
  shown(path: string): string;
  parse(source: WireSource): T;
}

// A protobuf message cannot be larger.
const MAX_FILE_BYTES = 2 ** 31 - 1;

/**
 * Parses a file of any size up to 2 GiB: weights are stepped over, memory stays within a few windows of 16 KiB and what is returned.
 *
 * The walk itself is synchronous (milliseconds for usual models): for start-up and tools, not for the path of a request.
 * Throws NOT_FOUND when there is no such file, FAILED_PRECONDITION when it can't be read or what `parse` threw, with the file's name.
 */
export async function readModelFile<T>(path: string, format: ModelFileFormat<T>): Promise<T> {
  const name = format.shown(path);
  let handle: FileHandle | undefined;
  try {
    // Opening a pipe would wait for a writer for ever, so look first.
    if (!(await stat(path)).isFile())
      throw new ServingError("FAILED_PRECONDITION", `model file "${name}": expected a regular file`);
    handle = await open(path, "r");
    const { size } = await handle.stat();
    if (size > MAX_FILE_BYTES) {
      const limit = `expected at most 2 GiB (the limit of protobuf), got ${size} bytes; ${format.tooLargeAdvice}`;
      throw new ServingError("FAILED_PRECONDITION", `not a readable ${format.name}: ${limit}`);
    }
    return format.parse(fileSource(handle.fd, size, format.name));
  } catch (cause) {
    throw toModelFileError(cause, { name, path, format: format.name });
  } finally {
    await handle?.close();
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "this process may not read it",
  EPERM: "this process may not read it",
  ELOOP: "too many symbolic links",
  EMFILE: "too many open files",
  ENAMETOOLONG: "its name is too long",
};

function toModelFileError(
  cause: unknown,
  file: { readonly name: string; readonly path: string; readonly format: string },
): ServingError {
  const details = { path: file.path };
  if (cause instanceof ServingError) {
    return new ServingError(
      cause.code,
      cause.message.startsWith(`not a readable ${file.format}`) ? `"${file.name}" is ${cause.message}` : cause.message,
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
