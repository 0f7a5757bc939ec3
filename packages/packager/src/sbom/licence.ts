import parse from "spdx-expression-parse";

/** A licence as far as a machine can tell. */
export type Licence =
  /** One of the SPDX list. */
  | { readonly kind: "id"; readonly text: string }
  /** Several of them, or one with an exception. */
  | { readonly kind: "expression"; readonly text: string }
  /** Words of its maker's. */
  | { readonly kind: "name"; readonly text: string };

/** Reads what a package says of its licence. Source: SPDX 2.3, annex D, "SPDX license expressions". */
export function toLicence(text: string): Licence {
  try {
    const parsed = parse(text);
    const isId = "license" in parsed && parsed.license === text;
    return { kind: isId ? "id" : "expression", text };
  } catch {
    // The parser throws for anything else, such as "SEE LICENSE IN …" or "UNLICENSED".
    return { kind: "name", text };
  }
}
