import { existsSync } from "node:fs";
import type { ServiceDefinition } from "@bento-ts/runtime/definition";
import { openImage } from "../container/open-image.ts";
import { serveImage } from "../container/serve-image.ts";
import { describeService } from "../target/describe-service.ts";
import { findImage } from "../target/find-image.ts";
import { findStoredBento } from "../target/find-stored-bento.ts";
import { findTarget } from "../target/find-target.ts";
import { type ExampleServer, serveForExamples } from "./serve-for-examples.ts";

/** Something with golden examples. */
export interface Tested {
  readonly definition: ServiceDefinition;
  /** Folder that the paths of its examples mean. */
  readonly baseDir: string;
  /** Starts a server of it. */
  serve(): Promise<ExampleServer>;
  close(): Promise<void>;
}

/** Opens what TARGET means: a path that is there, else a stored bento, else an image. Throws CommandError that says what was looked for. */
export async function openTested(given: string | undefined, signal: AbortSignal): Promise<Tested> {
  if (given === undefined || existsSync(given) || (await findStoredBento(given)) !== undefined) {
    const { definition, baseDir } = await describeService(await findTarget(given));
    return {
      definition,
      baseDir,
      serve: () => serveForExamples(given ?? ".", { signal }),
      close: async () => undefined,
    };
  }
  const found = await findImage(given, signal);
  const opened = await openImage(found.engine, found, signal);
  const { baseDir, close } = opened;
  return { definition: opened.bento.definition, baseDir, serve: () => serveImage(opened, signal), close };
}
