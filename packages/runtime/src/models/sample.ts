import { type DType, DTYPES } from "../tensor/dtype.ts";
import { fromBytes } from "../tensor/raw.ts";
import { elementCount, formatShape } from "../tensor/shape.ts";
import type { NamedTensors, Tensor } from "../tensor/tensor.ts";
import type { TensorInfo } from "./types.ts";

/** Feeds made up from a model's metadata: numbers 0, bools false, texts empty. */
export interface Sample {
  readonly feeds: NamedTensors;
  /** `x: float32 [1,3,224,224]`. */
  readonly text: string;
}

/** Shapes by input name, as an author may give them. */
export type SampleShapes = Readonly<Record<string, readonly number[]>>;

/**
 * Makes up feeds for a model, the likeliest first: the batch axis (a free first one) is 1, all other free sizes are one of a short list.
 *
 * The list begins with 224: a run on a real picture or text must not be judged by one of a single pixel or word. Sizes under one
 * name are equal. Samples of more than 4 million elements are left out; `given` shapes are taken as they are.
 */
export function* createSamples(inputs: readonly TensorInfo[], given: SampleShapes): Generator<Sample> {
  const seen = new Set<string>();
  for (const size of FREE_SIZES) {
    const shapes = inputs.map((input) => ({
      ...input,
      shape: givenShape(given, input.name) ?? sampleShape(inputs, input, size),
    }));
    const text = shapes.map(({ name, dtype, shape }) => `${name}: ${dtype} ${formatShape(shape)}`).join("; ");
    const madeUp = shapes.filter(({ name }) => givenShape(given, name) === undefined);
    const elements = madeUp.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
    if (seen.has(text) || elements > MAX_ELEMENTS) continue;
    seen.add(text);
    yield {
      text,
      feeds: Object.fromEntries(shapes.map(({ name, dtype, shape }) => [name, emptyTensor(dtype, shape)])),
    };
  }
}

// Multiples of 32 suit convolutions, 1 suits models whose free sizes are in truth fixed; the others are common sizes of lines and patches.
const FREE_SIZES = [224, 64, 320, 48, 32, 8, 1] as const;
const MAX_ELEMENTS = 4_000_000;

/** Own keys only: an input may be called "constructor". */
function givenShape(given: SampleShapes, name: string): readonly number[] | undefined {
  return Object.hasOwn(given, name) ? given[name] : undefined;
}

function sampleShape(inputs: readonly TensorInfo[], input: TensorInfo, freeSize: number): readonly number[] {
  if (input.anyRank === true) return [1];
  const isBatch = (length: number | string | null, axis: number): boolean =>
    axis === 0 || (typeof length === "string" && inputs.some(({ shape }) => shape[0] === length));
  return input.shape.map((length, axis) => {
    if (typeof length === "number") return length;
    return isBatch(length, axis) ? 1 : freeSize;
  });
}

// The bytes of a text are its length and itself: four zeros are an empty one.
const EMPTY_TEXT_BYTES = 4;

function emptyTensor(dtype: DType, shape: readonly number[]): Tensor {
  return fromBytes(new Uint8Array(elementCount(shape) * (DTYPES[dtype].bytes ?? EMPTY_TEXT_BYTES)), dtype, shape);
}
