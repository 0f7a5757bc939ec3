/** One bar of a chart. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Stands behind the bar. */
  readonly text: string;
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;

/** Bars as lines of text: labels to the right of their column, the longest bar `width` characters; what is more than nothing is seen. */
export function barChart(bars: readonly Bar[], width = 40): readonly string[] {
  const labelWidth = Math.max(0, ...bars.map(({ label }) => label.length));
  const most = Math.max(0, ...bars.map(({ value }) => value));
  return bars.map(({ label, value, text }) => {
    const bar = barOf(value, most, width);
    return `  ${label.padStart(labelWidth)} ${bar}${bar === "" ? "" : " "}${text}`.trimEnd();
  });
}

function barOf(value: number, most: number, width: number): string {
  if (!(value > 0)) return "";
  const eighths = Math.max(1, Math.round((value / most) * width * EIGHTHS.length));
  return "█".repeat(Math.floor(eighths / EIGHTHS.length)) + (EIGHTHS[eighths % EIGHTHS.length] ?? "");
}
