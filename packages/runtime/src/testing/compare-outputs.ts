import type { Problem } from "../errors.ts";
import { addProblem, childPath, createProblemList, type ProblemList } from "../problem-list.ts";

/** How an output compares to the expected one. */
export interface OutputComparison {
  readonly equal: boolean;
  /** The first 20 differences, each with its place (JSON Pointer); the largest between numbers is the last where it comes later. */
  readonly problems: readonly Problem[];
  /** Number of all differences. */
  readonly total: number;
  /** The two numbers that lie furthest apart, within the tolerance or not; undefined when no numbers were compared. */
  readonly largest: { readonly path: string; readonly difference: number } | undefined;
}

/**
 * Compares JSON data (integers may be bigint): numbers differ when |got − expected| > tolerance, everything else must be the same.
 *
 * The tolerance is absolute and ≥ 0. Objects have the same names, in any order; lists the same length. 0 and −0 are the same.
 */
export function compareOutputs(
  got: unknown,
  expected: unknown,
  { tolerance }: { readonly tolerance: number },
): OutputComparison {
  const found: Found = { tolerance, problems: createProblemList(), largest: undefined, worst: undefined };
  compare({ got, expected, path: "" }, found);
  const { problems, largest, worst } = found;
  const isKept = problems.total === problems.items.length || problems.items.some(({ path }) => path === largest?.path);
  if (worst !== undefined && !isKept) problems.items.splice(-1, 1, worst());
  return { equal: problems.total === 0, problems: problems.items, total: problems.total, largest };
}

interface Found {
  readonly tolerance: number;
  readonly problems: ProblemList;
  largest: OutputComparison["largest"];
  /** What is said of the largest difference past the tolerance. */
  worst: (() => Problem) | undefined;
}

interface Pair {
  readonly got: unknown;
  readonly expected: unknown;
  readonly path: string;
}

function compare({ got, expected, path }: Pair, found: Found): void {
  if (isNumber(got) && isNumber(expected)) {
    compareNumbers(got, expected, { path, found });
  } else if (Array.isArray(got) && Array.isArray(expected)) {
    compareLists({ got, expected, path }, found);
  } else if (isObject(got) && isObject(expected)) {
    compareObjects({ got, expected, path }, found);
  } else if (got !== expected) {
    differ(found, path, `expected ${describe(expected)}, got ${describe(got)}`);
  }
}

function compareNumbers(
  got: number | bigint,
  expected: number | bigint,
  { path, found }: { readonly path: string; readonly found: Found },
): void {
  const difference = distance(got, expected);
  const isLargest = found.largest === undefined || difference > found.largest.difference;
  if (isLargest) found.largest = { path, difference };
  // Written so that NaN, which JSON can't carry, differs too.
  if (difference <= found.tolerance) return;
  const tell = (): Problem => ({
    path,
    message: `expected ${expected} ± ${found.tolerance}, got ${got} (off by ${shortNumber(difference)})`,
  });
  if (isLargest) found.worst = tell;
  addProblem(found.problems, tell);
}

/** |a − b|. Two integers are told apart exactly, however large they are. */
function distance(a: number | bigint, b: number | bigint): number {
  if (typeof a === "bigint" && typeof b === "bigint") return Number(a > b ? a - b : b - a);
  // Both may be infinite: 1e999 is valid JSON.
  return a === b ? 0 : Math.abs(Number(a) - Number(b));
}

function compareLists(
  {
    got,
    expected,
    path,
  }: { readonly got: readonly unknown[]; readonly expected: readonly unknown[]; readonly path: string },
  found: Found,
): void {
  if (got.length !== expected.length) {
    differ(found, path, `expected ${expected.length} elements, got ${got.length}`);
  }
  const shared = Math.min(got.length, expected.length);
  for (let at = 0; at < shared; at += 1) {
    compare({ got: got[at], expected: expected[at], path: childPath(path, at) }, found);
  }
}

function compareObjects(
  {
    got,
    expected,
    path,
  }: {
    readonly got: Readonly<Record<string, unknown>>;
    readonly expected: Readonly<Record<string, unknown>>;
    readonly path: string;
  },
  found: Found,
): void {
  for (const name of Object.keys(expected)) {
    if (Object.hasOwn(got, name)) {
      compare({ got: got[name], expected: expected[name], path: childPath(path, name) }, found);
    } else {
      differ(found, childPath(path, name), `expected ${describe(expected[name])}, got nothing`);
    }
  }
  for (const name of Object.keys(got)) {
    if (!Object.hasOwn(expected, name)) {
      differ(found, childPath(path, name), `expected nothing, got ${describe(got[name])}`);
    }
  }
}

function differ({ problems }: Found, path: string, message: string): void {
  addProblem(problems, () => ({ path, message }));
}

const MAX_TEXT = 60;

function describe(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isObject(value)) return "an object";
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value);
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
