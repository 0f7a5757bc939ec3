import { setImmediate as nextTurn } from "node:timers/promises";
import { Dicer } from "@fastify/busboy";
import { invalidInput, ServingError } from "../../errors.ts";
import type { Part } from "../../io/types.ts";
import { childPath } from "../../problem-list.ts";
import { bodyTooLarge } from "./limits.ts";
import { badPart, parsePartHeader, type PartHeader } from "./part-header.ts";
import { Spool } from "./spool.ts";

/** How far the parts of one form are read; the form as a whole is counted by who reads its body. */
export interface FormLimits {
  /** Largest part that is a plain field (no file name, or JSON) in bytes, and the option that sets it; undefined for the body's own limit. */
  readonly fieldLimit?: { readonly maxBytes: number; readonly limitName: string };
  /** Folder for what does not stay in memory; the system's temporary folder unless given. */
  readonly spoolFolder?: string;
}

const MAX_PARTS = 100;
const MAX_HEADERS_PER_PART = 32;

/**
 * One multipart form being read: `write`… → `end` → `dispose`, which is also right after a failure.
 *
 * `write` and `end` throw what is wrong with the form as INVALID_ARGUMENT, PAYLOAD_TOO_LARGE for a field past its limit.
 */
export class FormReading {
  readonly #limits: FormLimits;
  readonly #dicer: Dicer;
  readonly #parts: Promise<Part>[] = [];
  readonly #spools: Spool[] = [];
  readonly #failed = Promise.withResolvers<never>();
  #finished = false;

  constructor(boundary: string, limits: FormLimits) {
    this.#limits = limits;
    this.#failed.promise.catch(() => {});
    this.#dicer = new Dicer({ boundary, maxHeaderPairs: MAX_HEADERS_PER_PART });
    this.#dicer
      .on("part", (part) => this.#add(part))
      .on("finish", () => void (this.#finished = true))
      .on("error", (cause) => this.#failed.reject(notAForm(cause)));
  }

  /** Takes the next bytes; resolves when more may come. */
  async write(chunk: Buffer): Promise<void> {
    // Behind the last boundary everything is an epilogue, which the parser does not take any more.
    if (this.#finished || !this.#dicer.writable) return;
    const written = new Promise<void>((resolve) => this.#dicer.write(chunk, () => resolve()));
    await Promise.race([written, this.#failed.promise]);
  }

  /** Takes the end of the body; resolves with the parts in their order. */
  async end(): Promise<readonly Part[]> {
    if (this.#dicer.writable) this.#dicer.end();
    const parts = await Promise.race([Promise.all(this.#parts), this.#failed.promise]);
    // The parser reports a missing last boundary one turn later, and in some cases neither success nor failure: then it is one too.
    await Promise.race([nextTurn(), this.#failed.promise]);
    if (!this.#finished) throw notAForm();
    return parts;
  }

  /** Frees what the parts hold; never throws. */
  async dispose(): Promise<void> {
    await Promise.all(this.#spools.map((spool) => spool.dispose()));
  }

  #add(stream: Dicer.PartStream): void {
    const part = this.#read(stream, this.#parts.length + 1);
    part.catch((cause: unknown) => this.#failed.reject(cause instanceof ServingError ? cause : notAForm(cause)));
    this.#parts.push(part);
  }

  async #read(stream: Dicer.PartStream, position: number): Promise<Part> {
    let header: PartHeader | undefined;
    let refusal: unknown;
    // The header comes before the first bytes, but inside the parser's own loop: what is thrown there would be lost.
    stream.on("header", (fields) => {
      try {
        header = parsePartHeader(new Map(Object.entries(fields)), position);
      } catch (cause) {
        refusal = cause;
      }
    });
    if (position > MAX_PARTS) refusal = badPart(position, `a form has at most ${MAX_PARTS} parts`);
    const spool = new Spool(this.#limits.spoolFolder);
    this.#spools.push(spool);
    for await (const chunk of stream) {
      if (refusal !== undefined) throw refusal;
      if (header !== undefined) this.#assertFits(header, spool.size + chunk.length);
      await spool.write(chunk);
    }
    if (refusal !== undefined) throw refusal;
    if (header === undefined) throw badPart(position, "its header has no end");
    return { ...header, content: spool.finish() };
  }

  #assertFits({ name, fileName, mediaType }: PartHeader, bytes: number): void {
    const { fieldLimit } = this.#limits;
    const isField = fileName === undefined || mediaType === "application/json";
    if (fieldLimit !== undefined && isField && bytes > fieldLimit.maxBytes)
      throw bodyTooLarge(fieldLimit, childPath("", name));
  }
}

function notAForm(cause?: unknown): ServingError {
  const message =
    "the multipart form is not complete: expected parts between its boundaries and a last boundary ending in --";
  const error = invalidInput([{ path: "", message }]);
  return cause === undefined ? error : new ServingError(error.code, error.message, { problems: error.problems, cause });
}
