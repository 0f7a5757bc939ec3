import { type DataOf, type DType, DTYPES } from "./dtype.ts";
import { numberToBfloat16, numberToFloat16 } from "./float16.ts";

/** What stands for NaN and infinities where only JSON can be written: nothing, `null` (as NaN), or the strings "NaN", "Infinity", "-Infinity". */
export type NonFinite = "error" | "null" | "string";

/** How plain values become elements of one type. */
export interface ElementRow<D extends DType> {
  /** What an element is, for messages: `a float32 number`. */
  readonly expected: string;
  /** Writes plain values into `data` from `offset` on in a tight loop; gives how many it wrote before the first that is not plain or not right. */
  fill(values: ArrayLike<unknown>, data: DataOf[D], offset: number): number;
  /** Writes one value, also in its rarer forms (bigint, digits as text, "NaN"); false when it is no element of this type. */
  set(data: DataOf[D], index: number, value: unknown, nonFinite: NonFinite): boolean;
}

/** The largest number that each float type takes: one that still rounds to a finite value, just below half a unit in the last place past the largest. */
export const LARGEST_INPUT = {
  float32: 2 ** 128 - 2 ** 103 - 2 ** 75,
  float64: Number.MAX_VALUE,
  float16: 65520 - 2 ** -37,
  bfloat16: 2 ** 128 - 2 ** 119 - 2 ** 75,
} as const;

/** Readers of elements by type. */
export const ELEMENTS: { readonly [D in DType]: ElementRow<D> } = {
  float32: floats("float32"),
  float64: floats("float64"),
  float16: halves("float16", numberToFloat16),
  bfloat16: halves("bfloat16", numberToBfloat16),
  int8: integers("int8"),
  uint8: integers("uint8"),
  int16: integers("int16"),
  uint16: integers("uint16"),
  int32: integers("int32"),
  uint32: integers("uint32"),
  int64: bigIntegers("int64"),
  uint64: bigIntegers("uint64"),
  bool: booleans(),
  string: strings(),
};

/** The number that stands for a non-finite one in JSON, undefined when the value stands for none. */
export function parseNonFinite(value: unknown, nonFinite: NonFinite): number | undefined {
  if (nonFinite === "null") return value === null ? NaN : undefined;
  if (nonFinite === "error") return undefined;
  return value === "NaN" ? NaN : value === "Infinity" ? Infinity : value === "-Infinity" ? -Infinity : undefined;
}

/** The whole number in a safe integer, a bigint or decimal digits as text; undefined for anything else, also for numbers past 2^53, which have lost digits. */
export function parseBigInteger(value: unknown): bigint | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  if (typeof value === "bigint") return value;
  // 20 digits hold every uint64; longer texts would only cost time.
  return typeof value === "string" && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

interface Sink<T> {
  [index: number]: T;
}

interface SinkRow<T> {
  readonly expected: string;
  fill(values: ArrayLike<unknown>, data: Sink<T>, offset: number): number;
  set(data: Sink<T>, index: number, value: unknown, nonFinite: NonFinite): boolean;
}

function floats(dtype: "float32" | "float64"): SinkRow<number> {
  const largest = LARGEST_INPUT[dtype];
  return {
    expected: `a ${dtype} number`,
    fill(values, data, offset) {
      for (let index = 0; index < values.length; index++) {
        const value = values[index];
        if (typeof value !== "number" || !(value <= largest && value >= -largest)) return index;
        data[offset + index] = value;
      }
      return values.length;
    },
    set(data, index, value, nonFinite) {
      const number = toFloat(value, largest, nonFinite);
      if (number === undefined) return false;
      data[index] = number;
      return true;
    },
  };
}

function halves(dtype: "float16" | "bfloat16", toBits: (value: number) => number): SinkRow<number> {
  const largest = LARGEST_INPUT[dtype];
  return {
    expected: `a ${dtype} number`,
    fill(values, data, offset) {
      for (let index = 0; index < values.length; index++) {
        const value = values[index];
        if (typeof value !== "number" || !(value <= largest && value >= -largest)) return index;
        data[offset + index] = toBits(value);
      }
      return values.length;
    },
    set(data, index, value, nonFinite) {
      const number = toFloat(value, largest, nonFinite);
      if (number === undefined) return false;
      data[index] = toBits(number);
      return true;
    },
  };
}

function toFloat(value: unknown, largest: number, nonFinite: NonFinite): number | undefined {
  const number = typeof value === "bigint" ? Number(value) : value;
  if (typeof number === "number" && number <= largest && number >= -largest) return number;
  return parseNonFinite(value, nonFinite);
}

function integers(dtype: "int8" | "uint8" | "int16" | "uint16" | "int32" | "uint32"): SinkRow<number> {
  const { min, max } = DTYPES[dtype];
  return {
    expected: `an ${dtype} whole number from ${min} to ${max}`.replace(/^an u/, "a u"),
    fill(values, data, offset) {
      for (let index = 0; index < values.length; index++) {
        const value = values[index];
        if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) return index;
        data[offset + index] = value;
      }
      return values.length;
    },
    set(data, index, value) {
      const number = typeof value === "bigint" ? Number(value) : value;
      if (typeof number !== "number" || !Number.isInteger(number) || number < min || number > max) return false;
      data[index] = number;
      return true;
    },
  };
}

function bigIntegers(dtype: "int64" | "uint64"): SinkRow<bigint> {
  const { min, max } = DTYPES[dtype];
  return {
    expected: `${dtype === "int64" ? "an" : "a"} ${dtype} whole number`,
    fill(values, data, offset) {
      for (let index = 0; index < values.length; index++) {
        const value = values[index];
        if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min) return index;
        data[offset + index] = BigInt(value);
      }
      return values.length;
    },
    set(data, index, value) {
      const whole = parseBigInteger(value);
      if (whole === undefined || whole < min || whole > max) return false;
      data[index] = whole;
      return true;
    },
  };
}

function booleans(): SinkRow<number> {
  return {
    expected: "true or false",
    fill(values, data, offset) {
      for (let index = 0; index < values.length; index++) {
        const value = values[index];
        if (typeof value !== "boolean") return index;
        data[offset + index] = value ? 1 : 0;
      }
      return values.length;
    },
    set(data, index, value) {
      if (typeof value !== "boolean") return false;
      data[index] = value ? 1 : 0;
      return true;
    },
  };
}

function strings(): SinkRow<string> {
  return {
    expected: "a string",
    fill(values, data, offset) {
      for (let index = 0; index < values.length; index++) {
        const value = values[index];
        if (typeof value !== "string") return index;
        data[offset + index] = value;
      }
      return values.length;
    },
    set(data, index, value) {
      if (typeof value !== "string") return false;
      data[index] = value;
      return true;
    },
  };
}
