import { MAX_JSON_DEPTH } from "./json-hazard.ts";

/** Where and why a text is not JSON: offset in UTF-16 units, and what was expected there. */
export interface JsonFault {
  readonly offset: number;
  readonly message: string;
}

const LITERAL = /true|false|null/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const FOREIGN = /[-+]?(?:NaN|nan|Infinity|inf|None|True|False|undefined|NULL|NA)\b/y;
const STRING_STOP = /["\\\u0000-\u001f]/g;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * Finds the first fault of a text that `JSON.parse` refused; undefined when there is none.
 *
 * The engine's own message gives no place for short texts and repeats the caller's data. Source: RFC 8259.
 */
export function findJsonFault(text: string): JsonFault | undefined {
  const scan = new JsonScan(text);
  try {
    scan.run();
    return undefined;
  } catch (cause) {
    if (cause instanceof FaultFound) return cause.fault;
    throw cause;
  }
}

/** Line and column of an offset, both from 1 on. */
export function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `line ${before.length}, column ${(before.at(-1) ?? "").length + 1}`;
}

class FaultFound extends Error {
  readonly fault: JsonFault;

  constructor(fault: JsonFault) {
    super(fault.message);
    this.fault = fault;
  }
}

class JsonScan {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): void {
    this.#value();
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#refuse("expected the end of the text");
  }

  #value(): void {
    this.#skipSpace();
    const char = this.#text[this.#at];
    if (char === "{") return this.#members("}", () => this.#member());
    if (char === "[") return this.#members("]", () => this.#value());
    if (char === '"') return this.#string();
    const foreign = this.#match(FOREIGN);
    if (foreign !== undefined) throw new FaultFound({ offset: this.#at, message: `${foreign} is not JSON` });
    const simple = this.#match(LITERAL) ?? this.#match(NUMBER);
    if (simple === undefined) this.#refuse("expected a value");
    this.#at += simple.length;
  }

  #members(close: string, readOne: () => void): void {
    this.#at += 1;
    this.#skipSpace();
    if (this.#take(close)) return;
    this.#depth += 1;
    if (this.#depth > MAX_JSON_DEPTH) this.#refuse(`expected at most ${MAX_JSON_DEPTH} nested arrays and objects`);
    for (;;) {
      this.#skipSpace();
      if (close === "}" && this.#text[this.#at] !== '"') this.#refuse("expected a name in double quotes");
      readOne();
      this.#skipSpace();
      if (this.#take(close)) return void (this.#depth -= 1);
      if (!this.#take(",")) this.#refuse(`expected "," or "${close}"`);
    }
  }

  #member(): void {
    this.#string();
    this.#skipSpace();
    if (!this.#take(":")) this.#refuse('expected ":"');
    this.#value();
  }

  #string(): void {
    const start = this.#at;
    this.#at += 1;
    for (;;) {
      STRING_STOP.lastIndex = this.#at;
      const stop = STRING_STOP.exec(this.#text);
      if (stop === null) throw new FaultFound({ offset: start, message: "this string has no end" });
      this.#at = stop.index;
      if (this.#take('"')) return;
      if (stop[0] !== "\\") this.#refuse("expected \\n, \\t or \\u00XX in place of a control character");
      const escape = this.#match(ESCAPE);
      if (escape === undefined) this.#refuse("expected a known escape behind \\");
      this.#at += escape.length;
    }
  }

  #skipSpace(): void {
    while (" \n\r\t".includes(this.#text[this.#at] ?? "x")) this.#at += 1;
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0];
  }

  #refuse(expected: string): never {
    const char = this.#text.codePointAt(this.#at);
    const found = char === undefined ? "the end of the text" : JSON.stringify(String.fromCodePoint(char));
    throw new FaultFound({ offset: this.#at, message: `${expected}, found ${found}` });
  }
}
