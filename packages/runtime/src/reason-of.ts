import { inspect } from "node:util";

/** Why something failed, in the words of what was thrown and of its causes, for an operator: `fetch failed: connect ECONNREFUSED 127.0.0.1:80`. */
export function reasonOf(thrown: unknown): string {
  const texts = [textOf(thrown)];
  let inner = innerOf(thrown);
  // An error may be its own cause, and nobody reads on past a few.
  for (let depth = 1; depth < MAX_DEPTH && inner !== undefined; depth += 1) {
    const text = textOf(inner);
    // Some errors repeat the words of their cause.
    if (!texts.some((outer) => outer.includes(text))) texts.push(text);
    inner = innerOf(inner);
  }
  return texts.join(": ");
}

const MAX_DEPTH = 4;

function textOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name;
  return typeof thrown === "string" ? thrown : inspect(thrown, { depth: 1, breakLength: Infinity });
}

function innerOf(thrown: unknown): unknown {
  if (thrown instanceof AggregateError) return thrown.errors[0];
  return thrown instanceof Error ? thrown.cause : undefined;
}
