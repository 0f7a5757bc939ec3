import { Worker } from "node:worker_threads";

/** Threads that compress pieces. */
interface GzipThreads {
  readonly size: number;
  /** Compresses a piece, whose memory goes to the thread, into one member of a gzip file. Rejects when the threads were ended. */
  compress(piece: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Opens threads; the abort signal ends what they do. */
export function openGzipThreads(size: number, signal?: AbortSignal): GzipThreads {
  const threads = Array.from({ length: size }, openThread);
  const stop = (): void => threads.forEach((thread) => thread.end(signal?.reason));
  signal?.addEventListener("abort", stop, { once: true });
  let next = 0;
  return {
    size,
    compress: async (piece) => {
      const thread = threads[next++ % size];
      if (thread === undefined) throw new Error("there is no thread to compress with");
      return thread.compress(piece);
    },
    async close() {
      signal?.removeEventListener("abort", stop);
      await Promise.all(threads.map((thread) => thread.end(new Error("the threads were closed"))));
    },
  };
}

interface Thread {
  compress(piece: Uint8Array): Promise<Uint8Array>;
  /** What is still running rejects with the reason. */
  end(reason: unknown): Promise<void>;
}

function openThread(): Thread {
  const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
  // Flags of the process, such as loaders of other programs, are none of the thread's business.
  const worker = new Worker(new URL(`./gzip-thread.${ending}`, import.meta.url), { execArgv: [] });
  // A thread answers in the order in which it was asked.
  const waiting: { resolve(member: Uint8Array): void; reject(reason: unknown): void }[] = [];
  const fail = (reason: unknown): void => waiting.splice(0).forEach(({ reject }) => reject(reason));
  worker.on("message", (member: Uint8Array) => waiting.shift()?.resolve(member));
  worker.on("error", fail);
  worker.on("exit", (code) => fail(new Error(`a thread that compresses ended with code ${code}`)));
  return {
    compress: (piece) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        worker.postMessage(piece, piece.buffer.byteLength === piece.byteLength ? [piece.buffer as ArrayBuffer] : []);
      }),
    async end(reason) {
      fail(reason);
      await worker.terminate();
    },
  };
}
