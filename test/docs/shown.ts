/**
 * Compares what was printed with what a page shows, by meaning; undefined when they agree, else the first difference.
 *
 * JSON is compared as data: "…" stands for any value, for the rest of a text, number (`23.4…`) or list, and as a name for further members. Any other text is
 * compared line by line: each line shown must come, in this order, and "…" stands for anything in a line.
 */
export function differenceFrom(printed: string, shown: string): string | undefined {
  const expected = parseShown(shown);
  if (expected === undefined) return compareLines(printed, shown);
  try {
    return compareJson(JSON.parse(printed), expected.value, "");
  } catch {
    return `expected JSON, got ${printed.slice(0, 300)}`;
  }
}

const ANY = "…";

/** Names that no text on a page has. */
const NUMBER_MARK = "\u0000number ";

function parseShown(shown: string): { readonly value: unknown } | undefined {
  const json = shown.replaceAll(/"(?:[^"\\]|\\.)*"|(-?\d[\d.]*)?…/g, (token: string, number: string | undefined) => {
    if (token.startsWith('"')) return token;
    return JSON.stringify(number === undefined ? ANY : NUMBER_MARK + number);
  });
  try {
    return { value: JSON.parse(json) };
  } catch {
    return undefined;
  }
}

function compareJson(got: unknown, expected: unknown, path: string): string | undefined {
  if (expected === ANY) return undefined;
  if (Array.isArray(expected)) return compareLists(got, expected, path);
  if (typeof expected === "object" && expected !== null) return compareObjects(got, expected, path);
  const fits = typeof expected === "string" ? fitsText(got, expected) : got === expected;
  return fits ? undefined : `${path}: expected ${String(expected)}, got ${JSON.stringify(got)}`;
}

function fitsText(got: unknown, expected: string): boolean {
  if (expected.startsWith(NUMBER_MARK))
    return typeof got === "number" && String(got).startsWith(expected.slice(NUMBER_MARK.length));
  return typeof got === "string" && patternOf(expected).test(got);
}

function compareLists(got: unknown, expected: readonly unknown[], path: string): string | undefined {
  const isOpen = expected.at(-1) === ANY;
  const wanted = isOpen ? expected.slice(0, -1) : expected;
  if (!Array.isArray(got) || got.length < wanted.length || (!isOpen && got.length > wanted.length))
    return `${path}: expected a list of ${wanted.length}${isOpen ? " or more" : ""}, got ${JSON.stringify(got)}`;
  return first(wanted.entries(), ([index, item]) => compareJson(got[index], item, `${path}/${index}`));
}

function compareObjects(got: unknown, expected: object, path: string): string | undefined {
  if (typeof got !== "object" || got === null || Array.isArray(got))
    return `${path}: expected an object, got ${JSON.stringify(got)}`;
  const given = new Map<string, unknown>(Object.entries(got));
  const wanted = Object.entries(expected).filter(([name]) => name !== ANY);
  const isOpen = ANY in expected;
  const names = new Set(wanted.map(([name]) => name));
  const stranger = isOpen ? undefined : [...given.keys()].find((name) => !names.has(name));
  if (stranger !== undefined) return `${path}/${stranger}: the page does not show it`;
  return first(wanted, ([name, item]) =>
    given.has(name) ? compareJson(given.get(name), item, `${path}/${name}`) : `${path}/${name}: is missing`,
  );
}

function compareLines(printed: string, shown: string): string | undefined {
  const lines = printed.split(/\r?\n/);
  let at = 0;
  return first(
    shown.split("\n").filter((line) => line.trim() !== ""),
    (line) => {
      const found = lines.findIndex((candidate, index) => index >= at && patternOf(line.trim()).test(candidate.trim()));
      if (found < 0) return `no line ${JSON.stringify(line)} in what was printed:\n${printed}`;
      at = found + 1;
      return undefined;
    },
  );
}

/** The text itself, with anything in place of each "…". */
function patternOf(text: string): RegExp {
  const parts = text.split(ANY).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}

function first<T>(items: Iterable<T>, differ: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const difference = differ(item);
    if (difference !== undefined) return difference;
  }
  return undefined;
}
