import { chmod, copyFile, constants, mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Modes that any user of a container can read: what a file's owner chose on the machine that builds must not decide. */
const FILE_MODE = 0o644;
const PROGRAM_MODE = 0o755;

/** Copies one file, making its folders; readable by everybody, shared with the original where the file system can. */
export async function copyInto(
  from: string,
  to: string,
  options: { readonly isProgram?: boolean } = {},
): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: PROGRAM_MODE });
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await chmod(to, options.isProgram === true ? PROGRAM_MODE : FILE_MODE);
}

/** Writes one file, making its folders; readable by everybody. */
export async function writeInto(to: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: PROGRAM_MODE });
  await writeFile(to, content);
  await chmod(to, FILE_MODE);
}
