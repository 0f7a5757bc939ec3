import { invalidInput } from "../../errors.ts";

/** Cells of a CSV text: null where nothing stands between two commas, "" where an empty text was quoted. */
export interface CsvRows {
  readonly rows: readonly (readonly (string | null)[])[];
  /** Line on which each row starts, from 1 on. */
  readonly lines: readonly number[];
}

const QUOTE = '"';
// What ends an unquoted cell, and the quote that must not stand in one.
const STOP = /[",\r\n]/g;

/**
 * Takes a CSV text apart (RFC 4180): commas, quotes doubled inside quotes, lines that end in LF, CRLF or CR. Blank lines are skipped.
 *
 * Throws INVALID_ARGUMENT with the line of a quote that is not closed or stands where none may.
 */
export function parseCsv(text: string): CsvRows {
  const scan = new CsvScan(text);
  const rows: (string | null)[][] = [];
  const lines: number[] = [];
  while (!scan.isAtEnd()) {
    const { line } = scan;
    const row = scan.readRow();
    if (row.length === 1 && row[0] === null) continue;
    rows.push(row);
    lines.push(line);
  }
  return { rows, lines };
}

class CsvScan {
  line = 1;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Reads up to the end of the line and past it. */
  readRow(): (string | null)[] {
    const row: (string | null)[] = [];
    for (;;) {
      row.push(this.#text[this.#at] === QUOTE ? this.#readQuoted() : this.#readPlain());
      if (this.#text[this.#at] === ",") {
        this.#at += 1;
        continue;
      }
      this.#skipLineEnd();
      return row;
    }
  }

  #readPlain(): string | null {
    STOP.lastIndex = this.#at;
    const end = STOP.exec(this.#text)?.index ?? this.#text.length;
    if (this.#text[end] === QUOTE) throw this.#refuse("a quote stands inside a cell that does not begin with one");
    const cell = this.#text.slice(this.#at, end);
    this.#at = end;
    return cell === "" ? null : cell;
  }

  #readQuoted(): string {
    const opened = this.line;
    let cell = "";
    for (;;) {
      const close = this.#text.indexOf(QUOTE, this.#at + 1);
      if (close < 0) {
        this.line = opened;
        throw this.#refuse("a quote is not closed");
      }
      const part = this.#text.slice(this.#at + 1, close);
      this.line += countLines(part);
      this.#at = close + 1;
      if (this.#text[this.#at] !== QUOTE) {
        if (!/[,\r\n]/.test(this.#text[this.#at] ?? ",")) throw this.#refuse("text stands behind a closing quote");
        return cell + part;
      }
      cell += part + QUOTE;
    }
  }

  #skipLineEnd(): void {
    if (this.isAtEnd()) return;
    this.#at += this.#text.startsWith("\r\n", this.#at) ? 2 : 1;
    this.line += 1;
  }

  #refuse(message: string): Error {
    return invalidInput([{ path: "", message: `line ${this.line}: ${message}` }]);
  }
}

function countLines(text: string): number {
  return text.includes("\n") || text.includes("\r") ? text.split(/\r\n|\r|\n/).length - 1 : 0;
}
