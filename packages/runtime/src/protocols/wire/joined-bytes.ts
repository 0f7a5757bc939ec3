import type { ProtoReader } from "./proto-reader.ts";

/**
 * The bytes of an inner message that may come in pieces: all of them, one behind the other, say what the pieces say together.
 *
 * One piece is a view; of more the memory grows by doubling, so that a million empty ones cost nothing. Source: Protocol Buffers, "Last One Wins" (merging).
 */
export class JoinedBytes {
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;
  #isOwn = false;

  /** Takes the delimited field that comes next. */
  take(reader: ProtoReader): this {
    const piece = reader.view();
    if (this.#length === 0 && !this.#isOwn) this.#bytes = piece;
    else if (piece.length > 0) this.#append(piece);
    this.#length += piece.length;
    return this;
  }

  /** Everything that came. */
  get whole(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #append(piece: Buffer): void {
    const needed = this.#length + piece.length;
    if (!this.#isOwn || needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(2 * needed);
      larger.set(this.whole);
      this.#bytes = larger;
      this.#isOwn = true;
    }
    this.#bytes.set(piece, this.#length);
  }
}
