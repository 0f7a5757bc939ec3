import { describeValue } from "../../describe-value.ts";
import { addProblem, assertOutputFits, childPath, createProblemList, type ProblemList } from "../../problem-list.ts";
import { formatNonFinite, toJsonInteger } from "../../tensor/to-nested.ts";
import type { NanPolicy } from "../types.ts";

/**
 * The value as JSON can carry it: non-finite numbers by policy, typed arrays as lists; the same object when nothing had to change.
 *
 * Throws INTERNAL that names each place that can't be written: NaN under "error", functions, symbols, maps and sets, holes in lists, circles.
 */
export function toJsonValue(value: unknown, nan: NanPolicy): unknown {
  const problems = createProblemList();
  const walk: Walk = { nan, problems, keys: [] };
  let result = value;
  try {
    result = convert(walk, value);
  } catch (cause) {
    // Only a stack that is used up: an author's toJSON may throw its own errors, which pass.
    if (!(cause instanceof RangeError)) throw cause;
    addProblem(problems, () => ({ path: "", message: "is nested without end or too deeply" }));
  }
  assertOutputFits(problems);
  return result;
}

interface Walk {
  readonly nan: NanPolicy;
  readonly problems: ProblemList;
  /** Keys from the top to the value that is looked at. */
  readonly keys: (string | number)[];
}

function convert(walk: Walk, value: unknown): unknown {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? value : convertNonFinite(walk, value);
    case "object":
      return value === null ? value : convertObject(walk, value);
    case "function":
    case "symbol":
      return refuse(walk, value);
    default:
      return value;
  }
}

function convertNonFinite(walk: Walk, value: number): unknown {
  const standIn = formatNonFinite(value, walk.nan);
  if (standIn !== undefined) return standIn;
  addProblem(walk.problems, () => ({
    path: walk.keys.reduce<string>(childPath, ""),
    message: `${value} can't be written as JSON; say what stands for it with nan: "null" or nan: "string"`,
  }));
  return null;
}

function refuse(walk: Walk, value: unknown): null {
  addProblem(walk.problems, () => ({
    path: walk.keys.reduce<string>(childPath, ""),
    message: `${describeValue(value)} can't be written as JSON`,
  }));
  return null;
}

function convertObject(walk: Walk, value: object): unknown {
  if (Array.isArray(value)) return convertList(walk, value);
  if (ArrayBuffer.isView(value)) return convertView(walk, value);
  if (value instanceof Map || value instanceof Set || value instanceof ArrayBuffer) return refuse(walk, value);
  if ("toJSON" in value && typeof value.toJSON === "function")
    return convert(walk, Reflect.apply(value.toJSON, value, [""]));
  let copy: Record<string, unknown> | undefined;
  for (const [key, item] of Object.entries(value)) {
    walk.keys.push(key);
    const converted = convert(walk, item);
    walk.keys.pop();
    if (converted === item) continue;
    copy ??= Object.fromEntries(Object.entries(value));
    Object.defineProperty(copy, key, { value: converted, enumerable: true, writable: true, configurable: true });
  }
  return copy ?? value;
}

function convertList(walk: Walk, value: readonly unknown[]): unknown {
  let copy: unknown[] | undefined;
  for (let index = 0; index < value.length; index++) {
    const item = value[index];
    if (typeof item === "string" || (typeof item === "number" && Number.isFinite(item))) continue;
    walk.keys.push(index);
    const converted = item === undefined ? refuse(walk, item) : convert(walk, item);
    walk.keys.pop();
    if (converted === item) continue;
    copy ??= value.slice();
    copy[index] = converted;
  }
  return copy ?? value;
}

function convertView(walk: Walk, value: ArrayBufferView): unknown {
  if (value instanceof DataView) return refuse(walk, value);
  const items = Array.from(value as unknown as Iterable<number | bigint>);
  return convertList(
    walk,
    items.map((item) => (typeof item === "bigint" ? toJsonInteger(item) : item)),
  );
}
