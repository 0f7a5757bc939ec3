import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { MadeImage } from "@bento-ts/packager";
import { BENTO_FILE_NAME, parseBentoFile } from "@bento-ts/runtime/definition";
import { wrongUsage } from "../command-error.ts";
import type { BuildWork } from "./make-build.ts";

/** Makes the image of a bento that was built before: for its platform, of what is in it. Throws CommandError for flags that a bento has decided. */
export async function imageOfBento(
  dir: string,
  work: Omit<BuildWork, "projectDir" | "entryFile" | "test" | "sboms">,
): Promise<MadeImage> {
  const { baseImage: base, tags, output, push, secrets, network, signal, onEvent } = work;
  if (!work.image) throw wrongUsage("--no-image and a bento exclude each other: it is there already");
  const { platform } = parseBentoFile(await readFile(join(dir, BENTO_FILE_NAME), "utf8"));
  if (work.platform !== undefined && work.platform !== platform)
    throw wrongUsage(`--platform ${work.platform}: the bento is for ${platform}; build one of the project for another`);
  const packager = await import("@bento-ts/packager");
  const platforms = [packager.parsePlatform(platform)];
  const builder = await packager.chooseBuilder(work.builder, { platforms, base, signal });
  const wanted = { tags, builder, base, output, push, secrets, network };
  return packager.makeImage({ bentoDirs: [dir], projectDir: dir, ...wanted, signal, onEvent });
}
