import { readYamlText } from "../../config/yaml-text.ts";
import { accessProblems } from "../../definition/access/access-problems.ts";
import type { Access } from "../../definition/access/types.ts";
import { describeValue } from "../../describe-value.ts";
import { type Problem, ServingError } from "../../errors.ts";
import { issuerProblems } from "../../auth/rules/issuer-problems.ts";
import { unknownFunction } from "./unknown-function.ts";

/** What the rules of a file are checked against. */
export interface RulesFileFacts {
  /** Names of the service's APIs; undefined where they are not known, so that any name is taken. */
  readonly apis: readonly string[] | undefined;
  /** What names of each issuer's callers begin with. */
  readonly issuerPrefixes: readonly string[];
}

/**
 * Reads a file of rules, YAML or JSON: a mapping of functions (or `*` for those that are not named) to rules.
 *
 * Throws FAILED_PRECONDITION that lists every fault by its place in the file; then none of it counts.
 */
export function readRulesFile(text: string, facts: RulesFileFacts): Readonly<Record<string, Access>> {
  const { tree, faults } = readYamlText(text);
  if (faults.length > 0) throw refused(faults.map(({ place, message }) => ({ path: `line ${place}`, message })));
  // A file without content says that no rule is replaced.
  if (tree === null || tree === undefined) return {};
  if (typeof tree !== "object" || Array.isArray(tree))
    throw refused([{ path: "", message: `expected a mapping of functions to rules, got ${describeValue(tree)}` }]);
  const rules = Object.entries(tree) as readonly [string, Access][];
  const problems = rules.flatMap(([name, access]) => problemsOf(name, access, facts));
  if (problems.length > 0) throw refused(problems);
  return Object.freeze(Object.fromEntries(rules));
}

function problemsOf(name: string, access: Access, { apis, issuerPrefixes }: RulesFileFacts): readonly Problem[] {
  const unknown = unknownFunction(name, apis);
  const faults = accessProblems(access, `/${name}`);
  const ambiguous = faults.length === 0 ? issuerProblems(access, name, issuerPrefixes) : [];
  return [...(unknown === undefined ? [] : [{ path: name, message: unknown }]), ...faults, ...ambiguous];
}

function refused(problems: readonly Problem[]): ServingError {
  const lines = problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  return new ServingError("FAILED_PRECONDITION", lines.join("; "), { problems });
}
