import { median } from "./load.ts";

/** One line of the report. */
export interface BenchRow {
  readonly name: string;
  readonly bare: number | undefined;
  readonly ours: number;
  readonly unit: string;
  /** ours / bare unless the row says otherwise. */
  readonly ratio: number | undefined;
  /** What the product aims at, as text. */
  readonly target: string;
}

/** A row of figures from rounds that alternate: medians, and the median of the rounds' own ratios, so that both servers saw the same machine. */
export function pairedRow(
  labels: Pick<BenchRow, "name" | "unit" | "target">,
  bare: readonly number[],
  ours: readonly number[],
): BenchRow {
  const ratio = median(ours.map((one, at) => one / (bare[at] ?? Number.NaN)));
  return { ...labels, bare: median(bare), ours: median(ours), ratio };
}

/** Prints the rows as a table; `beside` says what `bare` is a figure of. */
export function printRows(rows: readonly BenchRow[], beside = "bare"): void {
  const table = rows.map((row) => [
    row.name,
    show(row.bare, row.unit),
    show(row.ours, row.unit),
    row.ratio === undefined ? "" : `${row.ratio.toFixed(2)} ×`,
    row.target,
  ]);
  const lines = [["what", beside, "ours", "ratio", "target"], ...table];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  for (const line of lines)
    process.stdout.write(`${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}\n`);
}

function show(value: number | undefined, unit: string): string {
  if (value === undefined) return "";
  return `${value >= 100 ? value.toFixed(0) : value.toFixed(2)} ${unit}`;
}
