import { type Problem, ServingError } from "../errors.ts";

/** The error of a configuration that stops the start: its message lists every problem, one a line. */
export function refusedConfig(problems: readonly Problem[]): ServingError {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const lines = problems.map(({ path, message }) => `  ${path}: ${message}`);
  return new ServingError("FAILED_PRECONDITION", [`the configuration is refused, ${count}:`, ...lines].join("\n"), {
    problems,
  });
}
