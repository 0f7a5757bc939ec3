import type { IoSpec } from "../../io/types.ts";
import type { DType } from "../../tensor/dtype.ts";

/** Content types of MLServer that mean something here; others are ignored, as it does. Source: protocols of MLServer, "Content types". */
const CONTENT_TYPES = ["np", "str", "pd", "base64", "datetime"] as const;

/** One of MLServer's content types. */
export type ContentType = (typeof CONTENT_TYPES)[number];

/** A caller's content type, undefined for one that is not known. */
export function knownContentType(given: string | undefined): ContentType | undefined {
  return CONTENT_TYPES.find((known) => known === given);
}

/** The content type that MLServer would name for an output tensor of a type: numbers of a data frame have none. */
export function outputContentType(spec: IoSpec, dtype: DType): ContentType | undefined {
  switch (spec.kind) {
    case "dataFrame":
      return dtype === "string" ? "str" : undefined;
    case "image":
    case "file":
    case "bytes":
      return "base64";
    default:
      return dtype === "string" ? "str" : "np";
  }
}
