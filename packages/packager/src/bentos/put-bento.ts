import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BENTO_FILE_NAME, parseBentoFile, ServingError } from "@bento-ts/runtime/definition";
import { digestOfFiles, type ListedFile, listFiles } from "../files/file-list.ts";
import { hashedCopy } from "../files/hashed-copy.ts";
import type { BentoManifest } from "./bento-manifest.ts";
import { type PlacedBento, placeBento } from "./place-bento.ts";
import { withStage } from "./staged-work.ts";
import type { BentoLayout } from "./store-layout.ts";
import { storeVersion } from "./store-version.ts";

export interface PutOptions {
  readonly signal?: AbortSignal | undefined;
  /** The bento's files where they were listed before: reading them takes a second. */
  readonly files?: readonly ListedFile[] | undefined;
}

/**
 * Copies the bento in a folder into the store, under the tag of its service; files that the store has are linked.
 *
 * Throws FAILED_PRECONDITION for a folder that holds no bento or changes meanwhile.
 */
export async function putBento(layout: BentoLayout, dir: string, options: PutOptions = {}): Promise<PlacedBento> {
  const signal = options.signal ?? new AbortController().signal;
  const { definition, platform } = parseBentoFile(await readBento(dir));
  const files = options.files ?? (await listFiles(dir, { signal }));
  const manifest: BentoManifest = {
    formatVersion: 1,
    name: definition.name,
    version: storeVersion(definition.version),
    digest: digestOfFiles(files),
    platform,
    files,
  };
  return withStage(layout, (stage) =>
    placeBento(layout, manifest, {
      stage,
      bring: async ({ path, sha256 }, target) => {
        signal.throwIfAborted();
        const copied = await hashedCopy(join(dir, path), target, { signal });
        if (copied.sha256 !== sha256)
          throw new ServingError("FAILED_PRECONDITION", `${path} in ${dir} was changed while it was stored`);
      },
    }),
  );
}

async function readBento(dir: string): Promise<string> {
  return readFile(join(dir, BENTO_FILE_NAME), "utf8").catch((cause: unknown) => {
    throw new ServingError("FAILED_PRECONDITION", `${dir} is no bento: it has no readable ${BENTO_FILE_NAME}`, {
      cause,
    });
  });
}
