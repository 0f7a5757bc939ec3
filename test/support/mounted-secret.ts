import { mkdirSync, mkdtempSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

/** Makes a folder with the files of a secret as Kubernetes mounts it: links into `..data`, which is a link itself. */
export function mountSecret(folder: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(folder);
  swapSecret(folder, files);
  for (const file of Object.keys(files)) symlinkSync(`..data/${file}`, join(folder, file));
}

/** Swaps all files of a mounted secret by one rename of a link. */
export function swapSecret(folder: string, files: Readonly<Record<string, string>>): void {
  const next = mkdtempSync(join(folder, "..v"));
  for (const [file, content] of Object.entries(files)) writeFileSync(join(next, file), content);
  symlinkSync(basename(next), join(folder, "..data_tmp"));
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
}
