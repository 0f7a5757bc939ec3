import { ServingError } from "../../errors.ts";
import type { WireSource } from "./wire-source.ts";

/** A file that often stands where a model was expected: its bytes from `start` on, and what to do about it. */
export interface Lookalike {
  readonly start: number;
  readonly bytes: string;
  readonly says: string;
}

const LFS_POINTER: Lookalike = {
  start: 0,
  bytes: "version https://git-lfs",
  says: "a Git LFS pointer, not the model: run `git lfs pull`",
};

/** Throws FAILED_PRECONDITION for an empty file, a Git LFS pointer and what else may be taken for this format. */
export function assertNoLookalike(source: WireSource, lookalikes: readonly Lookalike[]): void {
  const { format } = source;
  if (source.sizeBytes === 0)
    throw new ServingError("FAILED_PRECONDITION", `not a readable ${format}: the file is empty`);
  const head = String.fromCharCode(...source.bytesAt(0, Math.min(32, source.sizeBytes)));
  const found = [LFS_POINTER, ...lookalikes].find(({ start, bytes }) => head.startsWith(bytes, start));
  if (found !== undefined)
    throw new ServingError("FAILED_PRECONDITION", `not a readable ${format}: this is ${found.says}`);
}
