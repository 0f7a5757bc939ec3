/** Names that are made up for the columns of an array: of the second dimension, none for an array of one. Source: Seldon v1, names of replies. */
export function madeUpNames(shape: readonly number[]): readonly string[] {
  return Array.from({ length: shape[1] ?? 0 }, (_, column) => `t:${column}`);
}

/** The first two sizes of an array of anything, one where its rows are not all of a length. */
export function sizesOf(values: readonly unknown[]): readonly number[] {
  const [first] = values;
  const isTable = Array.isArray(first) && values.every((row) => Array.isArray(row) && row.length === first.length);
  return isTable ? [values.length, first.length] : [values.length];
}
