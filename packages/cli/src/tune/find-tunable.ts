import { join } from "node:path";
import { CommandError } from "../command-error.ts";
import { findTarget, type Target } from "../target/find-target.ts";

/** Something whose models can be measured. */
export interface Tunable {
  readonly target: Target;
  /** Its tag, for a model of the store. */
  readonly tag: string | undefined;
}

/** Finds what TARGET means; where it is nothing else, a model of the store by its tag. Throws CommandError that says what was looked for. */
export async function findTunable(given: string | undefined, configFile: string | undefined): Promise<Tunable> {
  try {
    return { target: await findTarget(given, { configFile }), tag: undefined };
  } catch (cause) {
    const { createModelStore, isTag, modelStoreDir } = await import("@bento-ts/runtime/models-store");
    if (given === undefined || !isTag(given) || !(cause instanceof CommandError)) throw cause;
    const stored = await createModelStore(modelStoreDir())
      .get(given)
      .catch(() => {
        throw cause;
      });
    const path = join(stored.root, stored.main);
    const models = [{ name: undefined, version: undefined, path }];
    // The store is no project: the file goes where the command runs.
    return { target: { kind: "models", models, projectDir: process.cwd(), path }, tag: given };
  }
}
