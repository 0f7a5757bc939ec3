/** An input as the model's metadata tells it; -1 is a free size. */
export interface V2Input {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

/** One tensor to send, whose elements are all alike. */
export interface V2Tensor extends V2Input {
  readonly fill: number | string | boolean;
}

/** Elements of a shape. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
