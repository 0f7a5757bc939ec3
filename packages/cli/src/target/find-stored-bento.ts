import { ServingError } from "@bento-ts/runtime/definition";
import { isTag } from "@bento-ts/runtime/models-store";
import type { Target } from "./find-target.ts";

type Found = Extract<Target, { kind: "bento" }>;

/**
 * The bento that the store has under a tag `name:version`, for this machine's platform where there are several, kept for as long as this process lives.
 *
 * Throws NOT_FOUND, with what there is, when it has the tag and not for the platform that is asked for.
 */
export async function findStoredBento(given: string, platform?: string): Promise<Found | undefined> {
  if (!isTag(given)) return undefined;
  const { bentoStoreDir, createBentoStore } = await import("@bento-ts/packager");
  try {
    const { bento } = await createBentoStore(bentoStoreDir()).use(given, { platform });
    return { kind: "bento", projectDir: bento.dir };
  } catch (cause) {
    if (!(cause instanceof ServingError) || cause.code !== "NOT_FOUND") throw cause;
    if (platform !== undefined && (await findStoredBento(given)) !== undefined) throw cause;
    return undefined;
  }
}
