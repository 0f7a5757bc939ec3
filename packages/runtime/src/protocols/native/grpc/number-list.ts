/** The arrays in which lists of numbers are gathered. */
export type NumberArray = Float64Array | Float32Array | Int32Array | BigInt64Array | Uint8Array;

/**
 * A list of numbers that grows as it is read.
 *
 * A packed list that comes as one piece takes the memory of its numbers and no more; one in many pieces at most twice that.
 */
export class NumberList<A extends NumberArray> {
  readonly #create: (length: number) => A;
  #data: A;
  #length = 0;

  constructor(create: (length: number) => A) {
    this.#create = create;
    this.#data = create(0);
  }

  /** Makes room for so many numbers; gives the array that they are to be written to, and where the first goes. */
  extend(count: number): { readonly data: A; readonly at: number } {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#data.length) {
      const larger = this.#create(at === 0 ? count : Math.max(this.#length, 2 * at));
      copyInto(larger, this.view(at));
      this.#data = larger;
    }
    return { data: this.#data, at };
  }

  /** The first `length` numbers, all of them unless it is given. */
  view(length: number = this.#length): A {
    return this.#data.subarray(0, length) as A;
  }
}

function copyInto(target: NumberArray, source: NumberArray): void {
  const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(bytes);
}
