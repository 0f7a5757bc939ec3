import { rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { mergeTuneFiles, parseTuneFile, printTuneFile, readTuneFile, TUNE_FILE, type TuneFile } from "./tune-file.ts";

/**
 * Writes what was measured into a project's folder, whole or not at all; results of other models stay where they hold. Gives the path.
 *
 * A file there that can't be used is replaced. Throws what writing throws.
 */
export async function writeTuneFile(dir: string, measured: TuneFile): Promise<string> {
  const before = await readTuneFile(dir).catch(() => undefined);
  const text = printTuneFile(mergeTuneFiles(before, measured));
  // What can't be read back must not take the place of what can.
  parseTuneFile(text);
  const path = join(dir, TUNE_FILE);
  const temporary = join(dirname(path), `.${TUNE_FILE}-${process.pid}`);
  try {
    await writeFile(temporary, text);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  return path;
}
