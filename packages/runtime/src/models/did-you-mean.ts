import { distance } from "fastest-levenshtein";

/** The known name that a mistyped one was likely meant to be: at most a third of it differs, letter case aside. */
export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.floor(Math.max(3, Math.min(name.length, 60)) / 3) + 1;
  for (const candidate of known) {
    const apart = distance(name.slice(0, 60).toLowerCase(), candidate.slice(0, 60).toLowerCase());
    if (apart < bestDistance) [best, bestDistance] = [candidate, apart];
  }
  return best;
}
