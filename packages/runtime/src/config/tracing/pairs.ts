/** The pairs in `key=value,key=value`; what is none is left out. */
export function parsePairs(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(",").flatMap((pair): [string, string][] => {
    const at = pair.indexOf("=");
    const key = pair.slice(0, Math.max(at, 0)).trim();
    return key === "" ? [] : [[key, pair.slice(at + 1).trim()]];
  });
  return Object.fromEntries(pairs);
}
