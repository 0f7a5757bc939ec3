import { basename } from "node:path";
import { didYouMean } from "../did-you-mean.ts";
import { ServingError } from "../errors.ts";
import { shownPath } from "./model-format.ts";
import { isTag } from "./store/tag.ts";

/**
 * Which of a service's sources the configuration key `models` replaces, and with what: a store tag or an absolute path.
 *
 * Each of its keys is a source as the code writes it, or the model's name: of `models/forest.onnx`, the folder `models/forest`, its `models/forest/model.json` and the tag
 * `forest:1.2.0` that is `forest`. Throws FAILED_PRECONDITION that lists every key which means no source, or several.
 */
export function matchReplacements(
  configured: Readonly<Record<string, string>>,
  sources: readonly string[],
): ReadonlyMap<string, string> {
  const replacements = new Map<string, string>();
  const faults: string[] = [];
  for (const [key, replacement] of Object.entries(configured)) {
    const meant = sources.includes(key) ? [key] : sources.filter((source) => modelName(source) === key);
    const [source] = meant;
    if (source === undefined) faults.push(`models.${key}: the service has no such model${known(key, sources)}`);
    else if (meant.length > 1)
      faults.push(`models.${key}: the service has several, name one by its source: ${list(meant)}`);
    else if (replacements.has(source)) faults.push(`models.${key}: "${source}" is replaced by another key as well`);
    else replacements.set(source, replacement);
  }
  if (faults.length > 0) throw new ServingError("FAILED_PRECONDITION", faults.join("; "));
  return replacements;
}

/** The name of a model by its source: that of its file or folder, or of its tag. */
export function modelName(source: string): string {
  return isTag(source)
    ? source.slice(0, source.indexOf(":"))
    : basename(shownPath(source)).replace(/\.(?:onnx|json)$/i, "");
}

function known(key: string, sources: readonly string[]): string {
  if (sources.length === 0) return ", it has none";
  return didYouMean(key, [...sources, ...sources.map(modelName)]) || `, it has ${list(sources)}`;
}

function list(sources: readonly string[]): string {
  return sources.map((source) => `"${source}"`).join(", ");
}
