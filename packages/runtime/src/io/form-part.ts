import { contentFromBytes } from "./content.ts";
import type { Part, Payload } from "./types.ts";

/** A form's field as a part: of a binary one its own part, of any other its payload as it is. */
export function toFormPart(name: string, payload: Payload): Part {
  const [only] = payload.kind === "parts" ? payload.parts : [];
  if (only !== undefined && only.name === undefined) return { ...only, name };
  const content = contentFromBytes(new Uint8Array());
  return { name, fileName: undefined, mediaType: "application/octet-stream", content, decoded: payload };
}

/** The payload of a form's field. */
export function fromFormPart(part: Part): Payload {
  return part.decoded ?? { kind: "parts", parts: [{ ...part, name: undefined }] };
}
