/** Names of a certificate by kind, in its order. */
export interface AlternativeNames {
  readonly uris: readonly string[];
  readonly dns: readonly string[];
  readonly emails: readonly string[];
}

/**
 * Reads a certificate's subject alternative names from the text that Node makes of them: `DNS:a, URI:"b, c"`, where what could be mistaken for a next name
 * stands in quotes, as JSON.
 *
 * Undefined for a text that is not of that form, and for a name of a kind that is read with anything but printable ASCII in it.
 * Source: nodejs.org, "x509.subjectAltName"; CVE-2021-44532.
 */
export function parseAlternativeNames(text: string | undefined): AlternativeNames | undefined {
  const names = { uris: [] as string[], dns: [] as string[], emails: [] as string[] };
  let rest = text ?? "";
  while (rest !== "") {
    const match = ENTRY.exec(rest);
    if (match === null) return undefined;
    const [whole, kind = "", quoted, plain = ""] = match;
    rest = rest.slice(whole.length);
    if (!isKind(kind)) continue;
    const name = quoted === undefined ? plain : unquote(quoted);
    if (name === undefined || !/^[\x21-\x7e]+$/.test(name)) return undefined;
    names[KINDS[kind]].push(name);
  }
  return names;
}

const ENTRY = /^([A-Za-z][A-Za-z ]*):(?:("(?:[^"\\]|\\.)*")|([^",]*))(?:, (?=.)|$)/;

const KINDS = { URI: "uris", DNS: "dns", email: "emails" } as const satisfies Record<string, keyof AlternativeNames>;

function isKind(kind: string): kind is keyof typeof KINDS {
  return Object.hasOwn(KINDS, kind);
}

function unquote(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
