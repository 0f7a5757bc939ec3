import { quote } from "../../describe-value.ts";
import { nearestName } from "../../did-you-mean.ts";
import { addProblem, type ProblemList } from "../../problem-list.ts";
import type { DataFrameSpec } from "../types.ts";

/** Unknown names that a missing column is compared with: a caller may send any number. */
const MAX_COMPARED = 100;

/** Finds declared columns by the names that callers write. */
export interface ColumnNames {
  /** Declared names, in order. */
  readonly declared: readonly string[];
  /** Index of the column that a caller's name means, -1 when none is. */
  indexOf(name: string): number;
  /** Reports names that mean no column, unless they are ignored, and required columns that did not come, with the names that were likely meant. */
  check(given: GivenNames, problems: ProblemList): void;
}

/** Names that came: those of no column, with their places, and which columns were there. */
interface GivenNames {
  /** Place of the frame. */
  readonly path: string;
  /** Unknown names and where each stood first. */
  readonly unknown: ReadonlyMap<string, string>;
  /** How many declared columns came. */
  readonly count: number;
  has(index: number): boolean;
}

/** Makes the finder for a frame's columns. */
export function createColumnNames(spec: DataFrameSpec): ColumnNames {
  const fold = spec.case === "ignore" ? (name: string): string => name.toLowerCase() : (name: string): string => name;
  const declared = Object.freeze(Object.keys(spec.columns));
  const indices = new Map(declared.map((name, index) => [fold(name), index]));
  const required = declared.map((name) => spec.columns[name]?.nullable !== true);
  return {
    declared,
    indexOf: (name) => indices.get(fold(name)) ?? -1,
    check({ path, unknown, count, has }, problems) {
      if (unknown.size === 0 && count === declared.length) return;
      const missing = declared.filter((_name, index) => required[index] === true && !has(index));
      const suggested = new Set<string>();
      if (spec.extra === "error") {
        for (const [name, place] of unknown) {
          addProblem(problems, () => {
            const near = nearestName(name, missing) ?? nearestName(name, declared);
            if (near !== undefined) suggested.add(near);
            return {
              path: place,
              message: `unknown column ${quote(name)}${near === undefined ? "" : `, did you mean "${near}"?`}`,
            };
          });
        }
      }
      const comparable = missing.length > 0 ? Array.from(unknown.keys()).slice(0, MAX_COMPARED) : [];
      for (const name of missing) {
        // The misspelt name has told it already.
        if (suggested.has(name)) continue;
        addProblem(problems, () => {
          const near = nearestName(name, comparable);
          return {
            path,
            message: `missing column ${quote(name)}${near === undefined ? "" : `, did you mean it by ${quote(near)}?`}`,
          };
        });
      }
    },
  };
}

/** What came of a list of names that stand for all rows alike, such as a header: the position of each declared column, -1 where it did not come. */
export function locateColumns(
  names: ColumnNames,
  given: readonly string[],
  path: string,
  placeOf: (position: number) => string,
  problems: ProblemList,
): number[] {
  const positions = names.declared.map(() => -1);
  const unknown = new Map<string, string>();
  for (const [position, name] of given.entries()) {
    const index = names.indexOf(name);
    if (index < 0) {
      if (!unknown.has(name)) unknown.set(name, placeOf(position));
    } else if (positions[index] === -1) {
      positions[index] = position;
    } else {
      addProblem(problems, () => ({
        path: placeOf(position),
        message: `column ${quote(names.declared[index] ?? "")} came twice`,
      }));
    }
  }
  const count = positions.filter((position) => position !== -1).length;
  names.check({ path, unknown, count, has: (index) => positions[index] !== -1 }, problems);
  return positions;
}
