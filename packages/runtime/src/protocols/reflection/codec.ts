import { delimitedTag, ProtoReader } from "../wire/proto-reader.ts";
import { ProtoWriter } from "../wire/proto-writer.ts";

/** One question of a client, the last one where its message holds several. */
export type ReflectionQuestion =
  | { readonly kind: "file" | "symbol" | "extension" | "extensionNumbers"; readonly name: string }
  | { readonly kind: "services" }
  | { readonly kind: "none" };

/** The answer to one question. */
export type ReflectionAnswer =
  | { readonly kind: "files"; readonly files: readonly Uint8Array[] }
  | { readonly kind: "services"; readonly names: readonly string[] }
  | { readonly kind: "error"; readonly status: number; readonly message: string };

/** Fields of `ServerReflectionRequest` in protos/grpc/reflection/v1/reflection.proto. */
const REQUEST = {
  host: delimitedTag(1),
  file: delimitedTag(3),
  symbol: delimitedTag(4),
  extension: delimitedTag(5),
  extensionNumbers: delimitedTag(6),
  services: delimitedTag(7),
} as const;

/** Reads a `ServerReflectionRequest`. Throws INVALID_ARGUMENT for bytes that are none. */
export function readQuestion(message: Buffer): { readonly host: string; readonly question: ReflectionQuestion } {
  const reader = new ProtoReader(message);
  let host = "";
  let question: ReflectionQuestion = { kind: "none" };
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === REQUEST.host) host = reader.text();
    else if (tag === REQUEST.file) question = { kind: "file", name: reader.text() };
    else if (tag === REQUEST.symbol) question = { kind: "symbol", name: reader.text() };
    else if (tag === REQUEST.extensionNumbers) question = { kind: "extensionNumbers", name: reader.text() };
    else if (tag === REQUEST.extension) question = { kind: "extension", name: readContainingType(reader.message()) };
    else {
      reader.skip(tag);
      if (tag === REQUEST.services) question = { kind: "services" };
    }
  }
  return { host, question };
}

const CONTAINING_TYPE = delimitedTag(1);

function readContainingType(reader: ProtoReader): string {
  let name = "";
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === CONTAINING_TYPE) name = reader.text();
    else reader.skip(tag);
  }
  return name;
}

/** Bytes of an answer without files, about; the writer grows past a wrong guess. */
const ANSWER_BYTES = 256;

/** A `ServerReflectionResponse`; `request` is the question's message as it came. */
export function encodeAnswer(answer: ReflectionAnswer, request: Buffer, host: string): Uint8Array {
  const writer = new ProtoWriter(ANSWER_BYTES + request.length);
  writer.message(FIELDS[answer.kind], () => writeAnswer(writer, answer));
  writer.delimited(2, request);
  if (host !== "") writer.text(1, host);
  return writer.finish();
}

/** Fields of `ServerReflectionResponse.message_response`. */
const FIELDS = { files: 4, services: 6, error: 7 } as const;

function writeAnswer(writer: ProtoWriter, answer: ReflectionAnswer): void {
  switch (answer.kind) {
    case "files":
      for (const file of answer.files.toReversed()) writer.delimited(1, file);
      return;
    case "services":
      for (const name of answer.names.toReversed()) writer.message(1, () => writer.text(1, name));
      return;
    case "error":
      writer.text(2, answer.message);
      writer.varint(1, answer.status);
      return;
  }
}
