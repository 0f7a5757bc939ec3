import { distance } from "fastest-levenshtein";

/** Longest name that is compared, in characters: a distance costs the product of both lengths, and callers send names of any length. */
const MAX_LENGTH = 100;

/** `, did you mean "RM"?` for a mistyped name, whatever its case; empty when no known name is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearestName(name, known);
  return near === undefined ? "" : `, did you mean "${near}"?`;
}

/** The known name that a mistyped one was likely meant to be: at most a third of its letters differ, at most three, and never all. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let fewest = Math.min(3, Math.max(1, Math.ceil(wanted.length / 3))) + 1;
  for (const candidate of known) {
    if (candidate.length > MAX_LENGTH) continue;
    const edits = distance(wanted, candidate.toLowerCase());
    if (edits < fewest && edits < Math.max(wanted.length, candidate.length)) [best, fewest] = [candidate, edits];
  }
  return best;
}
