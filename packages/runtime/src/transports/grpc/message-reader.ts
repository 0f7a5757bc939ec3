import { ServingError } from "../../errors.ts";

/** Bytes before each message: one that says whether it is compressed, four with its length. Source: gRPC over HTTP/2, "Length-Prefixed-Message". */
const PREFIX_BYTES = 5;
/** Where a message starts in its own memory: tensors in it are more often where their element type can stand. */
const ALIGNMENT = 8;

/** Told of the messages of one call as they come. */
export interface MessageWatcher {
  /** The first bytes of what stands before a message came, and the others have not. */
  begun(): void;
  /** A message of so many bytes (as they travel) begins. What it throws ends the reading of this call. */
  announced(bytes: number): void;
  /** What `announced` has thrown: nothing more is read. */
  refused(cause: unknown): void;
  /** A whole message came. Tells whether it was taken; its bytes are handed on by grpc-js next where it was not. */
  completed(message: Buffer, isCompressed: boolean): boolean;
}

/**
 * Cuts the bytes of a call into messages, in place of grpc-js's own reader: it asks before a message is taken into memory, holds it once instead of twice, and leaves
 * decompression to us, who count it.
 *
 * Takes the place of `StreamDecoder` (grpc-js 1.14): `write` gives the prefixed messages that its watcher did not take, marked as not compressed.
 */
export class MessageReader {
  readonly #watcher: MessageWatcher;
  readonly #prefix = Buffer.alloc(PREFIX_BYTES);
  #prefixFilled = 0;
  #message: Buffer | undefined;
  #filled = 0;
  #isRefused = false;

  constructor(watcher: MessageWatcher) {
    this.#watcher = watcher;
  }

  write(data: Buffer): Buffer[] {
    const whole: Buffer[] = [];
    let at = 0;
    try {
      while (at < data.length && !this.#isRefused) at += this.#take(data, at, whole);
    } catch (cause) {
      this.#isRefused = true;
      this.#message = undefined;
      this.#watcher.refused(cause);
    }
    return whole;
  }

  /** Takes what comes next in the data; gives the number of bytes taken. */
  #take(data: Buffer, at: number, whole: Buffer[]): number {
    if (this.#message === undefined) {
      const entire = this.#prefixFilled === 0 ? this.#takeEntire(data, at, whole) : 0;
      if (entire > 0) return entire;
      const taken = data.copy(this.#prefix, this.#prefixFilled, at);
      this.#prefixFilled += taken;
      if (this.#prefixFilled === PREFIX_BYTES) this.#begin(whole);
      else this.#watcher.begun();
      return taken;
    }
    const taken = data.copy(this.#message, this.#filled, at);
    this.#filled += taken;
    if (this.#filled === this.#message.length) this.#complete(this.#message, whole);
    return taken;
  }

  /** A message that came in one piece stays where it is. Gives the number of bytes taken, 0 for one that did not. */
  #takeEntire(data: Buffer, at: number, whole: Buffer[]): number {
    if (data.length - at < PREFIX_BYTES) return 0;
    const length = data.readUInt32BE(at + 1);
    const end = at + PREFIX_BYTES + length;
    if (end > data.length) return 0;
    this.#watcher.announced(length);
    const message = data.subarray(at, end);
    this.#complete(message, whole);
    return end - at;
  }

  #begin(whole: Buffer[]): void {
    const length = this.#prefix.readUInt32BE(1);
    this.#watcher.announced(length);
    const lead = ALIGNMENT - PREFIX_BYTES;
    this.#message = Buffer.allocUnsafeSlow(ALIGNMENT + length).subarray(lead);
    this.#prefix.copy(this.#message);
    this.#filled = PREFIX_BYTES;
    this.#prefixFilled = 0;
    if (length === 0) this.#complete(this.#message, whole);
  }

  #complete(message: Buffer, whole: Buffer[]): void {
    this.#message = undefined;
    const isCompressed = takeFlag(message);
    if (!this.#watcher.completed(message.subarray(PREFIX_BYTES), isCompressed)) whole.push(message);
  }
}

/** Reads the compression flag and clears it. Throws INVALID_ARGUMENT for a byte that is none. */
function takeFlag(message: Buffer): boolean {
  const flag = message[0];
  if (flag !== 0 && flag !== 1)
    throw new ServingError(
      "INVALID_ARGUMENT",
      `expected 0 or 1 in the first byte of a gRPC message, got ${String(flag)}`,
    );
  message[0] = 0;
  return flag === 1;
}
