/**
 * Parses JSON; integers that no double holds exactly become bigint, so that two int64 values that differ stay different.
 *
 * Throws SyntaxError for text that is no JSON.
 */
export function parseExactJson(text: string): unknown {
  return parse(text, (_name, value, context) => {
    const { source } = context ?? {};
    if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined) return value;
    return /^-?\d+$/.test(source) ? BigInt(source) : value;
  });
}

// "JSON.parse source text access" (ECMAScript proposal, in Node since 21) is not in the compiler's library yet.
type Reviver = (name: string, value: unknown, context?: { readonly source?: string }) => unknown;
const parse: (text: string, reviver: Reviver) => unknown = JSON.parse;
