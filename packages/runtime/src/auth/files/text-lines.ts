/** The lines of a text, each with its own end, so that joining them gives the same text. */
export function linesOf(text: string): readonly string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}

/** A text with one more line; the last one before gets an end where it has none. */
export function withLine(text: string, line: string): string {
  return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${line}\n`;
}
