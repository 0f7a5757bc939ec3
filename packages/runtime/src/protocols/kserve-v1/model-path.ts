import { ServingError } from "../../errors.ts";
import { quote } from "../../describe-value.ts";

/** What is done with a model. */
export type Verb = "predict" | "explain";

/** The last segment of a path, `<model or version>:<verb>`. */
export interface VerbSegment {
  readonly subject: string;
  readonly verb: Verb;
}

/**
 * Splits a segment at its last colon.
 *
 * Throws NOT_FOUND without a verb or for an unknown one, UNIMPLEMENTED for those that TensorFlow Serving has beside.
 */
export function parseVerbSegment(segment: string): VerbSegment {
  const colon = segment.lastIndexOf(":");
  const verb = colon < 0 ? "" : segment.slice(colon + 1);
  if (verb === "predict" || verb === "explain") return { subject: segment.slice(0, colon), verb };
  if (verb === "classify" || verb === "regress") {
    throw new ServingError(
      "UNIMPLEMENTED",
      `:${verb} takes tf.Example messages, which no model here does: use :predict`,
    );
  }
  const got = colon < 0 ? "nothing" : quote(`:${verb}`);
  throw new ServingError("NOT_FOUND", `expected ":predict" or ":explain" behind the model's name, got ${got}`);
}
