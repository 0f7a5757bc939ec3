import { randomUUID } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { diskFault, makeFolder } from "./disk-fault.ts";

/**
 * Makes a file that appears whole or not at all: `write` fills a temporary one beside it.
 *
 * Throws what `write` throws; FAILED_PRECONDITION that says what to do where the disk is at fault.
 */
export async function writeWhole(place: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const folder = dirname(place);
  await makeFolder(folder);
  const temporary = join(folder, `.${basename(place)}-${randomUUID()}`);
  try {
    await write(temporary);
    await rename(temporary, place);
  } catch (cause) {
    throw diskFault(cause, folder);
  } finally {
    await rm(temporary, { force: true });
  }
}
