import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { MadeImage } from "@bento-ts/packager";
import { BENTO_FILE_NAME, parseBentoFile } from "@bento-ts/runtime/definition";
import { wrongUsage } from "../command-error.ts";
import type { BuildWork } from "./make-build.ts";

/** Makes the image of bentos that were built before, one for each platform, of what is in them. Throws CommandError for flags that a bento has decided. */
export async function imageOfBentos(
  bentoDirs: readonly string[],
  work: Omit<BuildWork, "projectDir" | "entryFile" | "test" | "sboms">,
): Promise<MadeImage> {
  const { baseImage: base, platform: asked, tags, output, push, secrets, network, signal, onEvent } = work;
  const [projectDir = ""] = bentoDirs;
  if (!work.image) throw wrongUsage("--no-image and a bento exclude each other: it is there already");
  const made = await Promise.all(bentoDirs.map(platformOf));
  if (asked?.split(",").some((text) => !made.includes(text.trim())))
    throw wrongUsage(`--platform ${asked}: the bento is for ${made[0] ?? ""}; build one of the project for another`);
  const packager = await import("@bento-ts/packager");
  const platforms = made.map(packager.parsePlatform);
  const builder = await packager.prepareImage({ ...work, from: { bentoDir: projectDir }, base, platforms });
  const wanted = { tags, builder, base, output, push, secrets, network };
  return packager.makeImage({ bentoDirs, projectDir, ...wanted, signal, onEvent });
}

async function platformOf(dir: string): Promise<string> {
  return parseBentoFile(await readFile(join(dir, BENTO_FILE_NAME), "utf8")).platform;
}
