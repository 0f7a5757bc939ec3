const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = '"((?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\uffff]|\\\\[\\t\\x20-\\x7e\\x80-\\uffff])*)"';
const PARAMETER = new RegExp(`[ \\t]*;[ \\t]*(?:(${TOKEN})=(?:(${TOKEN})|${QUOTED}))?`, "y");

/** Pattern of a token of RFC 9110, section 5.6.2. */
export const TOKEN_PATTERN = TOKEN;

/** Parameters of a header value by lower-case name, and the place behind the last of them. */
export interface HeaderParameters {
  readonly parameters: ReadonlyMap<string, string>;
  readonly end: number;
}

/**
 * Reads `; name=value; name="quoted value"` from `start` on, as far as it goes; undefined when a name comes twice.
 *
 * Source: RFC 9110, section 5.6.6. Two values of one name (two boundaries, two charsets) would let two readers disagree.
 */
export function readHeaderParameters(text: string, start: number): HeaderParameters | undefined {
  const parameters = new Map<string, string>();
  let end = start;
  for (;;) {
    PARAMETER.lastIndex = end;
    const match = PARAMETER.exec(text);
    if (match === null) return { parameters, end };
    end = PARAMETER.lastIndex;
    const [, name, token, quoted] = match;
    if (name === undefined) continue;
    const key = name.toLowerCase();
    if (parameters.has(key)) return undefined;
    parameters.set(key, token ?? (quoted ?? "").replaceAll(/\\(.)/g, "$1"));
  }
}
