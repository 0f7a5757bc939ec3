import { ServingError } from "../../../errors.ts";
import { decodeUtf8 } from "../../../io/text.ts";
import type { IoSpec, NanPolicy, Payload } from "../../../io/types.ts";
import { toBytes } from "../../../tensor/raw.ts";
import { toNested } from "../../../tensor/to-nested.ts";

/** A payload as the JSON form of its type, for types that hold others: lists and feedback are read from JSON. */
export async function toJsonForm(payload: Payload, spec: IoSpec, nan: NanPolicy): Promise<unknown> {
  switch (payload.kind) {
    case "json":
      return payload.value;
    case "parts": {
      const bytes = Buffer.from((await payload.parts[0]?.content.bytes()) ?? []);
      if (spec.kind === "text") return decodeUtf8(bytes, "");
      if (spec.kind === "tensor" || spec.kind === "dataFrame")
        throw new ServingError("INVALID_ARGUMENT", "binData can't stand here for an array: send data or jsonData");
      return bytes.toString("base64");
    }
    case "tensors": {
      const lists = Object.entries(payload.tensors).map(([name, tensor]) => [name, toNested(tensor, { nan })] as const);
      if (spec.kind === "dataFrame") return { [spec.key]: Object.fromEntries(lists) };
      if (spec.kind === "tensors") return Object.fromEntries(lists);
      const [only] = Object.values(payload.tensors);
      if (only === undefined || spec.kind === "tensor") return lists[0]?.[1];
      return Buffer.from(toBytes(only)).toString("base64");
    }
  }
}
