import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { PassThrough, type Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { failed } from "../command-error.ts";
import { type Client, shown } from "./http-get.ts";

/** Bytes done so far, and of all. */
export type OnBytes = (progress: { readonly doneBytes: number; readonly totalBytes: number }) => void;

export interface DownloadOrder {
  readonly url: URL;
  /** Where to; what is there already is taken for the beginning of the file. */
  readonly path: string;
  /** Hex. */
  readonly sha256: string;
  readonly onBytes: OnBytes;
  readonly signal: AbortSignal;
}

/** Cut connections in a row, none of which brought anything, before the download is given up. */
const MAX_FRUITLESS = 5;
const PAUSE_MS = 500;

/**
 * Downloads a file, going on where an earlier try ended, in this process or before, and checks its SHA-256.
 *
 * What was loaded stays when the connection is lost or the signal aborts. Throws CommandError when it can't be had or is not what it must be; then
 * nothing of it stays.
 */
export async function download(client: Client, order: DownloadOrder): Promise<void> {
  const { url, path, sha256, signal } = order;
  await mkdir(dirname(path), { recursive: true });
  // Whole since an earlier run: nobody has to be asked.
  if ((await sizeOf(path)) > 0 && (await sha256Of(path, signal)) === sha256) return;
  for (let isResumed = await fetchAll(client, order); ; isResumed = await fetchAll(client, order)) {
    const found = await sha256Of(path, signal);
    if (found === sha256) return;
    await rm(path, { force: true });
    // Another file's beginning may have been there; a whole one from this address can't be right the second time either.
    if (!isResumed)
      throw failed(
        `${shown(url)} is not the file that was expected: its SHA-256 is ${found}, not ${sha256}; use another mirror`,
      );
  }
}

/** Loads until all is there; tells whether something was there before. */
async function fetchAll(client: Client, order: DownloadOrder): Promise<boolean> {
  const before = await sizeOf(order.path);
  for (let fruitless = 0, size = before; ;) {
    const cut = await fetchRest(client, order, size);
    if (cut === undefined) return before > 0;
    const now = await sizeOf(order.path);
    fruitless = now > size ? 0 : fruitless + 1;
    if (fruitless === MAX_FRUITLESS)
      throw failed(
        `the download of ${shown(order.url)} breaks off after ${now} bytes (${cut.message}): run the command again, it goes on from there`,
        cut,
      );
    if (fruitless > 0) await delay(PAUSE_MS * fruitless, undefined, { signal: order.signal });
    size = now;
  }
}

/** One request for what is missing; gives what cut it, undefined when all came. */
async function fetchRest(
  client: Client,
  { url, path, onBytes, signal }: DownloadOrder,
  from: number,
): Promise<Error | undefined> {
  const headers = { "accept-encoding": "identity", ...(from === 0 ? undefined : { range: `bytes=${from}-` }) };
  const answer = await client.get(url, { headers, signal });
  const { statusCode } = answer;
  if (statusCode === 416) {
    // There is no rest: it is whole, which its digest will tell.
    answer.destroy();
    return undefined;
  }
  if (statusCode !== 200 && statusCode !== 206) {
    answer.destroy();
    throw failed(`${shown(url)} answered ${statusCode}: check the network, or use another mirror`);
  }
  const offset = statusCode === 206 ? from : 0;
  const totalBytes = offset + Number(answer.headers["content-length"] ?? Number.NaN);
  // Before anything is waited for: an answer that is cut while nobody listens says nothing more.
  const { body, cut } = keepWhatCame(answer);
  const file = await open(path, offset === 0 ? "w" : "a");
  try {
    let size = offset;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      await file.writeFile(chunk);
      size += chunk.length;
      if (Number.isFinite(totalBytes)) onBytes({ doneBytes: size, totalBytes });
    }
    return cut();
  } finally {
    answer.destroy();
    await file.close();
    signal.throwIfAborted();
  }
}

/** A stream of all that came before an answer was cut, which its own reader would drop, and what cut it. */
function keepWhatCame(answer: Readable): { readonly body: Readable; cut(): Error | undefined } {
  let cut: Error | undefined;
  const body = new PassThrough();
  answer.once("error", (cause) => {
    cut = cause;
    body.end();
  });
  return { body: answer.pipe(body), cut: () => cut };
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { signal })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
