import { delimitedTag, type ProtoReader } from "../../wire/proto-reader.ts";
import type { ProtoWriter } from "../../wire/proto-writer.ts";

const KEY = delimitedTag(1);
const VALUE = delimitedTag(2);
/** InferParameter.string_param */
const STRING_PARAM = delimitedTag(3);

const CONTENT_TYPE = "content_type";

/** The text of the entry `content_type` of a `map<string, InferParameter>`; undefined for every other entry. */
export function readContentType(entry: ProtoReader): string | undefined {
  let key = "";
  let value: string | undefined;
  for (let tag = entry.nextTag(); tag !== 0; tag = entry.nextTag()) {
    if (tag === KEY) key = entry.text();
    else if (tag === VALUE) value = readText(entry.message()) ?? value;
    else entry.skip(tag);
  }
  return key === CONTENT_TYPE ? value : undefined;
}

function readText(parameter: ProtoReader): string | undefined {
  let text: string | undefined;
  for (let tag = parameter.nextTag(); tag !== 0; tag = parameter.nextTag()) {
    // The members of a oneof push each other out.
    if (tag === STRING_PARAM) text = parameter.text();
    else parameter.skip(tag);
  }
  return text;
}

/** Writes the entry `content_type` into the map with this field number; nothing for undefined. */
export function writeContentType(writer: ProtoWriter, field: number, contentType: string | undefined): void {
  if (contentType === undefined) return;
  writer.message(field, () => {
    writer.message(2, () => writer.text(3, contentType));
    writer.text(1, CONTENT_TYPE);
  });
}
