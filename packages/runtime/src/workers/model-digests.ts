import type { ModelState } from "../telemetry/readiness.ts";
import type { ModelDigests } from "./messages.ts";

/** Adds the digests of a worker's models to those of others; names the first model of which they have loaded different files. */
export function joinDigests(
  known: ModelDigests,
  models: readonly ModelState[],
): { readonly digests: ModelDigests; readonly changed: string | undefined } {
  const loaded = models.flatMap(({ source, digest }) => (digest === undefined ? [] : [[source, digest] as const]));
  const [changed] = loaded.find(([source, digest]) => (known[source] ?? digest) !== digest) ?? [];
  return { digests: { ...known, ...Object.fromEntries(loaded) }, changed };
}
