import { createPaint, printable } from "../output.ts";
import type { ExampleResult } from "./run-example.ts";

/** Results as a person reads them: a line for each example, what differs below it, and a count. */
export function resultLines(
  results: readonly ExampleResult[],
  reasonFor: (requestId: string) => string | undefined,
): readonly string[] {
  const paint = createPaint(process.stdout);
  const lines = results.flatMap((result) => {
    const mark = result.ok ? paint.green("ok    ") : paint.red("failed");
    const reason = result.requestId === null ? undefined : reasonFor(result.requestId);
    return [
      `${mark} ${printable(`${result.api} · ${result.example}`)}${paint.dim(largestText(result))}`,
      ...result.problems.map(
        ({ path, message }) => `       ${printable(path === "" ? message : `${path}: ${message}`)}`,
      ),
      ...(result.total > result.problems.length ? [`       … ${result.total - result.problems.length} more`] : []),
      ...(reason ?? "").split("\n").flatMap((line) => (line === "" ? [] : [`       ${printable(line)}`])),
    ];
  });
  const bad = results.filter(({ ok }) => !ok).length;
  return [...lines, `${results.length - bad} ok, ${bad} failed`];
}

function largestText({ largest, tolerance }: ExampleResult): string {
  if (largest === null) return "";
  const place = largest.difference === 0 ? "" : ` at ${largest.path === "" ? "the value itself" : largest.path}`;
  return `  largest difference ${Number(largest.difference.toPrecision(3))}${place}, tolerance ${tolerance}`;
}
