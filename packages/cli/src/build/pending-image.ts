import type { ImageBuilder, ListedFile, MadeImage } from "@bento-ts/packager";
import type { BuildWork } from "./make-build.ts";

/** Bentos by their folders, and the files of these. */
type Bentos = readonly { readonly dir: string }[];
type Listed = ReadonlyMap<string, readonly ListedFile[]>;

/** An image that may be made before it is known whether its bentos are good; nothing of it is put in place before `finish`. */
export interface PendingImage {
  /** Makes the image, where no engine has to; resolves when the bentos' files have been read. Why it failed is told by `finish`. */
  begin(bentos: Bentos, listed: Listed): Promise<void>;
  /** Brings the image to its places; makes it of these bentos where it was not begun. */
  finish(bentos: Bentos, listed: Listed): Promise<MadeImage>;
  /** Ends what was begun and waits for its end. */
  discard(cause: unknown): Promise<void>;
}

/** Makes an image beside the golden examples of its bentos: both take a second, and one of them mostly waits. */
export function pendingImage(work: Omit<BuildWork, "builder"> & { readonly builder: ImageBuilder }): PendingImage {
  const discarded = new AbortController();
  const good = Promise.withResolvers<void>();
  // Whoever waits for it hears of it.
  good.promise.catch(() => undefined);
  let making: Promise<MadeImage> | undefined;
  const make = async (bentos: Bentos, listed: Listed, onRead?: () => void): Promise<MadeImage> => {
    const { makeImage } = await import("@bento-ts/packager");
    return makeImage({
      bentoDirs: bentos.map(({ dir }) => dir),
      listed,
      tags: work.tags,
      builder: work.builder,
      base: work.baseImage,
      projectDir: work.projectDir,
      output: work.output,
      push: work.push,
      secrets: work.secrets,
      network: work.network,
      mayDeliver: good.promise,
      onRead,
      signal: AbortSignal.any([work.signal, discarded.signal]),
      onEvent: work.onEvent,
    });
  };
  return {
    async begin(bentos, listed) {
      if (work.builder !== "oci") return;
      const read = Promise.withResolvers<void>();
      making = make(bentos, listed, read.resolve);
      await Promise.race([read.promise, Promise.allSettled([making])]);
    },
    finish(bentos, listed) {
      good.resolve();
      return making ?? make(bentos, listed);
    },
    async discard(cause) {
      good.reject(cause);
      discarded.abort(cause);
      await Promise.allSettled([making]);
    },
  };
}
