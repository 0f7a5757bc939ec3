import protobuf from "protobufjs/minimal.js";
import { ServingError } from "../../errors.ts";

/** Reads the values of one message, field after field. */
export type FieldReader = protobuf.Reader;

/** Takes a field with this tag (number × 8 + wire type) by reading its value; gives false, having read nothing, for one that it does not know. */
export type TakeField = (tag: number, reader: FieldReader) => boolean;

/**
 * Reads a protobuf message: each field is offered to `take`; those that it does not know are skipped, as are known numbers with another wire type.
 *
 * Throws INVALID_ARGUMENT that names the message for bytes that are none: cut short, a length past the end, an unknown wire type. A ServingError of `take` passes.
 * Source: Protocol Buffers, "Encoding".
 */
export function readFields(bytes: Uint8Array, messageName: string, take: TakeField): void {
  const reader = protobuf.Reader.create(bytes);
  try {
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag < 8) throw new RangeError("there is no field with number 0");
      if (!take(tag, reader)) reader.skipType(tag & 7);
    }
  } catch (cause) {
    if (cause instanceof ServingError) throw cause;
    // The texts of the reader's own errors speak of its indices.
    const at = `byte ${Math.min(reader.pos, bytes.length)} of ${bytes.length}`;
    throw new ServingError("INVALID_ARGUMENT", `expected a ${messageName}, got bytes that can't be read at ${at}`, {
      cause,
    });
  }
}
