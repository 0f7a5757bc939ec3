import { ServingError } from "@bento-ts/runtime/definition";
import { isTag } from "@bento-ts/runtime/models-store";
import type { Target } from "./find-target.ts";

/** The bento that the store has under a tag `name:version`, kept for as long as this process lives. */
export async function findStoredBento(given: string): Promise<Extract<Target, { kind: "bento" }> | undefined> {
  if (!isTag(given)) return undefined;
  const { bentoStoreDir, createBentoStore } = await import("@bento-ts/packager");
  try {
    const { bento } = await createBentoStore(bentoStoreDir()).use(given);
    return { kind: "bento", projectDir: bento.dir };
  } catch (cause) {
    if (cause instanceof ServingError && cause.code === "NOT_FOUND") return undefined;
    throw cause;
  }
}
