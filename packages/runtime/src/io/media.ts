import { ServingError } from "../errors.ts";
import { describeValue } from "../describe-value.ts";
import type { IoSpec, TensorSpec } from "./types.ts";

const JSON_TYPE = "application/json";
const BINARY_TYPE = "application/octet-stream";
const FORM_TYPE = "multipart/form-data";

/** Media types in which an input of this type is taken, the most natural one first; `image/*` and the like stand for all of a family. */
export function consumesOf(spec: IoSpec): readonly string[] {
  switch (spec.kind) {
    case "json":
    case "tensors":
    case "list":
      return [JSON_TYPE];
    case "dataFrame":
      return [JSON_TYPE, "text/csv"];
    case "tensor":
      return isRawReadable(spec) ? [JSON_TYPE, BINARY_TYPE] : [JSON_TYPE];
    case "text":
      return ["text/plain", JSON_TYPE];
    case "bytes":
      return [...new Set([spec.mediaType, BINARY_TYPE, JSON_TYPE])];
    case "image":
      return ["image/*", BINARY_TYPE, FORM_TYPE, JSON_TYPE];
    case "file":
      return [...new Set([...(spec.mediaTypes.length === 0 ? ["*/*"] : spec.mediaTypes), FORM_TYPE, JSON_TYPE])];
    case "multipart":
      return [FORM_TYPE, JSON_TYPE];
  }
}

/** Media types in which an output of this type is answered, the one for callers without a wish first. */
export function producesOf(spec: IoSpec): readonly string[] {
  switch (spec.kind) {
    case "json":
    case "tensors":
    case "dataFrame":
    case "multipart":
    case "list":
      return [JSON_TYPE];
    case "tensor":
      return spec.dtype === "string" ? [JSON_TYPE] : [JSON_TYPE, BINARY_TYPE];
    case "text":
      return ["text/plain", JSON_TYPE];
    case "bytes":
      return [...new Set([spec.mediaType, JSON_TYPE])];
    case "image":
      return ["image/png", JSON_TYPE];
    case "file": {
      const exact = spec.mediaTypes.filter((type) => !type.endsWith("/*"));
      return [...new Set([...(exact.length === 0 ? [BINARY_TYPE] : exact), JSON_TYPE])];
    }
  }
}

/** A raw body is numbers alone: its length tells one free size, not two, and not where a text ends. */
function isRawReadable({ dtype, shape }: TensorSpec): boolean {
  return dtype !== "string" && shape.filter((size) => size === null).length <= 1;
}

/** Whether a media type (lower case, without parameters) is one of those listed or of a listed family such as `image/*`. */
export function fitsMediaTypes(type: string, ranges: readonly string[]): boolean {
  return ranges.some(
    (range) => range === type || range === "*/*" || (range.endsWith("/*") && type.startsWith(range.slice(0, -1))),
  );
}

const NAME = "[a-z0-9][a-z0-9!#$&^_.+-]*";
const EXACT = new RegExp(`^${NAME}/${NAME}$`);
const FAMILY = new RegExp(`^${NAME}/\\*$`);

/** Throws INVALID_ARGUMENT, naming the author's option, for what is no media type in lower case; `families` lets `image/*` pass as well. */
export function assertMediaType(option: string, type: unknown, { families }: { readonly families: boolean }): void {
  if (typeof type === "string" && (EXACT.test(type) || (families && FAMILY.test(type)))) return;
  throw new ServingError(
    "INVALID_ARGUMENT",
    `${option}: expected a media type such as image/png in lower case, got ${describeValue(type)}`,
  );
}
