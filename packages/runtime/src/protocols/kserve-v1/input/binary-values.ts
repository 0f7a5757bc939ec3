import { isUtf8 } from "node:buffer";
import { describeValue } from "../../../describe-value.ts";
import { invalidInput } from "../../../errors.ts";
import { decodeBase64 } from "../../../io/base64.ts";
import { childPath } from "../../../problem-list.ts";
import { isObject } from "../json-object.ts";

/** The base64 text of a binary value, `{"b64": "…"}`; undefined for any other value. Source: TensorFlow Serving, "Encoding binary values". */
export function base64Of(value: unknown): string | undefined {
  if (!isObject(value) || typeof value["b64"] !== "string") return undefined;
  return Object.keys(value).length === 1 ? value["b64"] : undefined;
}

/** The same value with each binary value in it as the text that it holds; the same object where there is none. Throws INVALID_ARGUMENT with the place of one that holds no UTF-8 text. */
export function withTexts(value: unknown, path: string): unknown {
  const base64 = base64Of(value);
  if (base64 !== undefined) return textOf(base64, childPath(path, "b64"));
  if (Array.isArray(value)) return listWithTexts(value, path);
  return isObject(value) ? objectWithTexts(value, path) : value;
}

/** The same for the items of a list. */
export function listWithTexts(list: readonly unknown[], path: string): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (const [index, item] of list.entries()) {
    if (typeof item !== "object" || item === null) continue;
    const text = withTexts(item, childPath(path, index));
    if (text === item) continue;
    copy ??= list.slice();
    copy[index] = text;
  }
  return copy ?? list;
}

function objectWithTexts(object: Readonly<Record<string, unknown>>, path: string): unknown {
  const entries = Object.entries(object);
  const texts = entries.map(([key, item]) => [key, withTexts(item, childPath(path, key))] as const);
  return texts.every(([, item], index) => item === entries[index]?.[1]) ? object : Object.fromEntries(texts);
}

function textOf(base64: string, path: string): string {
  const bytes = decodeBase64(base64, path);
  if (isUtf8(bytes)) return Buffer.from(bytes).toString();
  throw invalidInput([{ path, message: `expected base64 of UTF-8 text, got other bytes in ${describeValue(base64)}` }]);
}
