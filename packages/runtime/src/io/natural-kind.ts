import type { IoSpec, PayloadKind } from "./types.ts";

/** The kind of payload that carries a type with least loss, where a protocol can carry all of them: bytes as they are, numbers as tensors, `null` only in JSON. */
export function naturalKindOf(spec: IoSpec): PayloadKind {
  switch (spec.kind) {
    case "tensor":
    case "tensors":
      return "tensors";
    case "dataFrame":
      // A tensor has no empty cell.
      return Object.values(spec.columns).some(({ nullable }) => nullable === true) ? "json" : "tensors";
    case "image":
    case "file":
    case "bytes":
    case "multipart":
      return "parts";
    case "json":
    case "text":
    case "list":
      return "json";
  }
}
