import type { KeyType } from "./key-types.ts";
import { isPlainObject } from "./plain-object.ts";
import { jsonText } from "./key-types-collections.ts";

/** Where a secret is found; `inline` is a secret that stands in the configuration itself, which `security.allowInlineSecrets` has to allow. */
export type SecretRef =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "env"; readonly name: string }
  | { readonly kind: "inline"; readonly text: string };

const LABEL = '{ file: "/path" } or { env: "NAME" }';

/** A secret by reference, or its text. */
export function secret(): KeyType<SecretRef> {
  const text = { type: "string", minLength: 1 };
  return {
    label: LABEL,
    schema: {
      anyOf: [
        text,
        ...["file", "env"].map((name) => ({
          type: "object",
          additionalProperties: false,
          required: [name],
          properties: { [name]: text },
        })),
      ],
    },
    fromText: jsonText(LABEL, '{"file":"/run/secrets/token"}'),
    read: (value) => {
      if (typeof value === "string" && value !== "") return { ok: true, value: { kind: "inline", text: value } };
      const entries = isPlainObject(value) ? Object.entries(value) : [];
      const [name, place] = entries[0] ?? [];
      if (entries.length === 1 && typeof place === "string" && place !== "") {
        if (name === "file") return { ok: true, value: { kind: "file", path: place } };
        if (name === "env") return { ok: true, value: { kind: "env", name: place } };
      }
      // What came in place of a reference may be the secret: it is not repeated.
      return { ok: false, faults: [{ at: "", expected: LABEL, got: Array.isArray(value) ? [] : {} }] };
    },
    mergesEntries: false,
  };
}
