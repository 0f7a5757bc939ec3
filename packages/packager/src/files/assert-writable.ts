import { access, constants, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { diskFault } from "./disk-fault.ts";

/** Throws FAILED_PRECONDITION, which says what to do, for a folder that is not there and can't be made, or in which nothing can be made. Makes nothing. */
export async function assertWritable(dir: string): Promise<void> {
  // With "/.", a file among the folders is told.
  await access(`${await nearest(dir)}/.`, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw diskFault(cause, dir);
  });
}

/** The folder itself, or the first one above it that is there. */
async function nearest(dir: string): Promise<string> {
  const isThere = await stat(dir).then(
    () => true,
    () => false,
  );
  return isThere || dir === dirname(dir) ? dir : nearest(dirname(dir));
}
