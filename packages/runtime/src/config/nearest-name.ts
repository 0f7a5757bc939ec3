import { distance } from "fastest-levenshtein";

/** The name that was probably meant, whatever its case and separators; undefined when none is near. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const wanted = plain(name);
  // A distance costs the product of both lengths: a text that long is no slip of the pen.
  if (wanted.length > 100) return undefined;
  // A third of the letters, at most three: more and every short name is near every other.
  const allowed = Math.min(3, Math.max(1, Math.ceil(wanted.length / 3)));
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: distance(wanted, plain(candidate)) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best !== undefined && best.edits <= allowed ? best.candidate : undefined;
}

function plain(name: string): string {
  return name.replaceAll(/[_-]/g, "").toLowerCase();
}
