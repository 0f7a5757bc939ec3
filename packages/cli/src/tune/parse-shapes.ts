import { wrongUsage } from "../command-error.ts";

/** Shapes of inputs by name from `x=1,3,48,192`. Throws CommandError for another form. */
export function parseShapes(texts: readonly string[]): Readonly<Record<string, readonly number[]>> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, sizes] = /^(.+)=(\d{1,9}(?:,\d{1,9})*)?$/.exec(text) ?? [];
      if (name === undefined)
        throw wrongUsage(`--shape: expected NAME=SIZE,SIZE,…, such as x=1,3,48,192, got ${JSON.stringify(text)}`);
      return [name, sizes === undefined ? [] : sizes.split(",").map(Number)];
    }),
  );
}
