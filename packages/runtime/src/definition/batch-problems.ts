import { describeValue } from "../describe-value.ts";
import type { Problem } from "../errors.ts";
import type { ApiInput } from "./define-service.ts";
import type { Role } from "./types.ts";

/** Roles whose calls stand for themselves: a router's and a rater's answers are no rows, an aggregate takes a list already. */
const ALONE: ReadonlySet<Role> = new Set<Role>(["route", "aggregate", "feedback"]);

/** What is wrong with the batching of an API. */
export function batchProblems({ batch, role = "predict", stream }: ApiInput, path: string): Problem[] {
  if (batch === undefined) return [];
  const given: unknown = batch;
  if (typeof given !== "object" || given === null)
    return [{ path, message: `expected { maxSize, maxLatencyMs }, got ${describeValue(given)}` }];
  const problems: Problem[] = [];
  if (ALONE.has(role)) problems.push({ path, message: `calls of the role "${role}" can't be joined` });
  if (stream === true) problems.push({ path, message: "a method that answers with a stream takes one call at a time" });
  for (const name of Object.keys(given)) {
    if (name === "maxSize" || name === "maxLatencyMs") continue;
    problems.push({ path: `${path}/${name}`, message: "unknown option, expected maxSize and maxLatencyMs" });
  }
  const { maxSize, maxLatencyMs } = batch;
  if (!(Number.isSafeInteger(maxSize) && maxSize >= 1))
    problems.push({
      path: `${path}/maxSize`,
      message: `expected a whole number of rows ≥ 1, got ${describeValue(maxSize)}`,
    });
  if (!(Number.isFinite(maxLatencyMs) && maxLatencyMs >= 0))
    problems.push({
      path: `${path}/maxLatencyMs`,
      message: `expected milliseconds ≥ 0, got ${describeValue(maxLatencyMs)}`,
    });
  return problems;
}
