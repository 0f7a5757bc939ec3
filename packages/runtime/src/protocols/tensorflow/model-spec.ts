import { delimitedTag, type ProtoReader, varintTag } from "../wire/proto-reader.ts";
import type { ProtoWriter } from "../wire/proto-writer.ts";
import type { ModelChoice } from "./find-model.ts";

const FIELD = { name: 1, version: 2, signature: 3, label: 4 } as const;
const VALUE = 1;

/** A `tensorflow.serving.ModelSpec`. */
export interface ModelSpec extends ModelChoice {
  readonly signature: string;
}

/** Reads the ModelSpec of a request, which all of them have as field 1; one that comes in several pieces is all of them. */
export function readModelSpec(message: ProtoReader): ModelSpec {
  const spec: Pieces = { name: "", signature: "", version: undefined, label: undefined };
  for (let tag = message.nextTag(); tag !== 0; tag = message.nextTag()) {
    if (tag === delimitedTag(FIELD.name)) readPiece(message.message(), spec);
    else message.skip(tag);
  }
  return spec;
}

interface Pieces {
  name: string;
  signature: string;
  /** Of version and label the last one counts: they are one choice. */
  version: string | undefined;
  label: string | undefined;
}

function readPiece(reader: ProtoReader, spec: Pieces): void {
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    switch (tag) {
      case delimitedTag(FIELD.name):
        spec.name = reader.text();
        break;
      case delimitedTag(FIELD.version):
        spec.version = readVersion(reader.message()) ?? spec.version ?? "0";
        spec.label = undefined;
        break;
      case delimitedTag(FIELD.label):
        spec.label = reader.text();
        spec.version = undefined;
        break;
      case delimitedTag(FIELD.signature):
        spec.signature = reader.text();
        break;
      default:
        reader.skip(tag);
    }
  }
}

/** The number in a `google.protobuf.Int64Value`, every digit of it; undefined where it has none, which stands for 0. */
function readVersion(reader: ProtoReader): string | undefined {
  let version: string | undefined;
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag !== varintTag(VALUE)) {
      reader.skip(tag);
      continue;
    }
    const words = new Uint32Array(2);
    reader.varintWords(words, 0);
    version = String(new BigInt64Array(words.buffer)[0]);
  }
  return version;
}

/** Writes a ModelSpec as field `field`: the model as the caller named it, and the version that answers. */
export function writeModelSpec(
  writer: ProtoWriter,
  field: number,
  { name, version, signature }: { readonly name: string; readonly version: string; readonly signature: string },
): void {
  writer.message(field, () => {
    if (signature !== "") writer.text(FIELD.signature, signature);
    writer.message(FIELD.version, () => writer.varint(VALUE, Number(version)));
    writer.text(FIELD.name, name);
  });
}
