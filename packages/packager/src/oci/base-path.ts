import { resolve } from "node:path";
import { isLayout } from "./read-layout.ts";

/** Whether a base is meant to be a folder or a file, not an image's name: it is written as a path, as a tar, or a layout lies there. */
export function isBasePath(base: string, baseDir: string): boolean {
  return /^\.{0,2}\/|\.(?:tar|tar\.gz|tgz)(?::|$)/.test(base) || isLayout(resolve(baseDir, base));
}
