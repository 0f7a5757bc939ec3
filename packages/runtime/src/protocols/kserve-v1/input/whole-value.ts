import type { IoSpec } from "../../../io/types.ts";
import { childPath } from "../../../problem-list.ts";
import { base64Of, withTexts } from "./binary-values.ts";
import { isObject } from "../json-object.ts";
import { inputAt, type NativeInput } from "./native-input.ts";

/**
 * The input that one value is: JSON as it stands, a text, base64 also as `{"b64": "…"}`, or the fields of a form.
 *
 * Texts and binary values may stand in a list of one and under a name, as TensorFlow Serving's clients write them.
 */
export function wholeValue(spec: IoSpec, value: unknown, path: string): NativeInput {
  switch (spec.kind) {
    case "text":
    case "image":
    case "file":
    case "bytes": {
      const inner = unwrap(value, path);
      return inputAt(inner.path, toNative(spec, inner.value, inner.path));
    }
    default:
      return inputAt(path, toNative(spec, value, path));
  }
}

interface Placed {
  readonly value: unknown;
  readonly path: string;
}

function unwrap(value: unknown, path: string): Placed {
  if (Array.isArray(value) && value.length === 1) return unwrap(value[0], childPath(path, 0));
  if (!isObject(value) || base64Of(value) !== undefined) return { value, path };
  const [entry, ...others] = Object.entries(value);
  return entry === undefined || others.length > 0 ? { value, path } : unwrap(entry[1], childPath(path, entry[0]));
}

/** The value as the type reads it from JSON. */
function toNative(spec: IoSpec, value: unknown, path: string): unknown {
  switch (spec.kind) {
    case "text":
      return withTexts(value, path);
    case "image":
    case "file":
    case "bytes":
      return base64Of(value) ?? value;
    case "multipart":
      return isObject(value) ? fieldsOf(spec, value, path) : value;
    default:
      return value;
  }
}

function fieldsOf(
  { fields }: Extract<IoSpec, { readonly kind: "multipart" }>,
  value: Readonly<Record<string, unknown>>,
  path: string,
): unknown {
  const members = Object.entries(value).map(([name, member]) => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    return [name, field === undefined ? member : toNative(field.spec, member, childPath(path, name))] as const;
  });
  return Object.fromEntries(members);
}
