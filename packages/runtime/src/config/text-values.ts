import type { Problem } from "../errors.ts";
import { KEYS, type KeyPath } from "./keys.ts";
import { type Given, valueProblem } from "./layer.ts";

/** A value as text from a variable or flag. */
export interface TextValue {
  readonly path: KeyPath;
  readonly text: string;
  readonly where: string;
}

/** Texts as the values they stand for; a text that stands for none is a problem. */
export function readTexts(texts: readonly TextValue[]): {
  readonly given: readonly Given[];
  readonly problems: readonly Problem[];
} {
  const given: Given[] = [];
  const problems: Problem[] = [];
  for (const { path, text, where } of texts) {
    const outcome = KEYS[path].type.fromText(text);
    if (outcome.ok) given.push({ path, value: outcome.value, where });
    else problems.push(...outcome.faults.map((fault) => valueProblem({ path, where }, fault)));
  }
  return { given, problems };
}
