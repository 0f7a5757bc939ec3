import { ServingError } from "../../errors.ts";

/** What `read` gives. Throws INVALID_ARGUMENT where its reader found that the bytes are no protobuf message; a ServingError passes. */
export function readingMessage<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof ServingError) throw cause;
    throw new ServingError("INVALID_ARGUMENT", "the message is no valid protobuf message: it is cut short or damaged", {
      cause,
    });
  }
}
