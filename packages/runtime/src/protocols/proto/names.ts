/** `boston-prices` → `BostonPrices`, `top_k` → `TopK`: each word with an upper-case letter, without what stands between them. */
export function toPascalCase(name: string): string {
  return name.replace(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9]?)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * The name of each API's method: in Pascal case; as it is where several APIs would be called alike.
 *
 * That keeps them apart: a name in Pascal case stays what it is, so one of a group that would be called alike is no other API's name.
 */
export function methodNames(apis: readonly string[]): ReadonlyMap<string, string> {
  const counts = new Map<string, number>();
  for (const api of apis) counts.set(toPascalCase(api), (counts.get(toPascalCase(api)) ?? 0) + 1);
  return new Map(apis.map((api) => [api, counts.get(toPascalCase(api)) === 1 ? toPascalCase(api) : api]));
}

/** Gives names in one scope, none of them alike. */
export class Names {
  readonly #taken = new Set<string>();
  readonly #canonical: (name: string) => string;

  /** `canonical`: what must differ between two names. */
  constructor(canonical: (name: string) => string = (name) => name) {
    this.#canonical = canonical;
  }

  /** Takes a name that was given before. */
  take(name: string): void {
    this.#taken.add(this.#canonical(name));
  }

  /** A name as near to the wanted one as protobuf takes: letters, digits and "_", a letter first. */
  give(wanted: string): string {
    const plain = wanted.replace(/[^A-Za-z0-9_]/g, "_").replace(/^(?![A-Za-z])/, "f_");
    let name = plain;
    for (let count = 2; this.#taken.has(this.#canonical(name)); count += 1) name = `${plain}_${count}`;
    this.take(name);
    return name;
  }
}

/** Names of fields: protoc refuses two that differ in underscores and case alone, since generated code may call both the same. */
export function fieldNames(): Names {
  return new Names((name) => name.replaceAll("_", "").toLowerCase());
}

/** Whether a name may stand in a `.proto` as it is. */
export function isFieldName(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_]*$/.test(name);
}
