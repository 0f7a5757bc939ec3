import protobuf from "protobufjs/minimal.js";
import { readingMessage } from "../grpc/reading-message.ts";

/** One question of a client, the last one where its message holds several. */
export type ReflectionQuestion =
  | { readonly kind: "file" | "symbol" | "extensionNumbers"; readonly name: string }
  | { readonly kind: "extension"; readonly name: string }
  | { readonly kind: "services" }
  | { readonly kind: "none" };

/** The answer to one question. */
export type ReflectionAnswer =
  | { readonly kind: "files"; readonly files: readonly Uint8Array[] }
  | { readonly kind: "services"; readonly names: readonly string[] }
  | { readonly kind: "error"; readonly status: number; readonly message: string };

/** Fields of `ServerReflectionRequest`: number × 8 + 2, all are delimited. Source: protos/grpc/reflection/v1/reflection.proto. */
const REQUEST = { host: 10, file: 26, symbol: 34, extension: 42, extensionNumbers: 50, services: 58 } as const;
/** `ExtensionRequest.containing_type`. */
const CONTAINING_TYPE = 10;

/** Reads a `ServerReflectionRequest`. Throws INVALID_ARGUMENT for bytes that are none. */
export function readQuestion(message: Buffer): { readonly host: string; readonly question: ReflectionQuestion } {
  return readingMessage(() => {
    const reader = protobuf.Reader.create(message);
    let host = "";
    let question: ReflectionQuestion = { kind: "none" };
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === REQUEST.host) host = textOf(reader.bytes());
      else if (tag === REQUEST.file) question = { kind: "file", name: textOf(reader.bytes()) };
      else if (tag === REQUEST.symbol) question = { kind: "symbol", name: textOf(reader.bytes()) };
      else if (tag === REQUEST.extensionNumbers) question = { kind: "extensionNumbers", name: textOf(reader.bytes()) };
      else if (tag === REQUEST.extension) question = { kind: "extension", name: readContainingType(reader.bytes()) };
      else if (tag === REQUEST.services) {
        reader.skipType(2);
        question = { kind: "services" };
      } else reader.skipType(tag & 7);
    }
    return { host, question };
  });
}

function readContainingType(bytes: Uint8Array): string {
  const reader = protobuf.Reader.create(bytes);
  let name = "";
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === CONTAINING_TYPE) name = textOf(reader.bytes());
    else reader.skipType(tag & 7);
  }
  return name;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

/** A `ServerReflectionResponse`; `request` is the question's message as it came. */
export function encodeAnswer(answer: ReflectionAnswer, request: Buffer, host: string): Uint8Array {
  const writer = protobuf.Writer.create();
  if (host !== "") writer.uint32(10).string(host);
  writer.uint32(18).bytes(request);
  writer.uint32(8 * FIELDS[answer.kind] + 2).fork();
  writeAnswer(writer, answer);
  return writer.ldelim().finish();
}

/** Fields of `ServerReflectionResponse.message_response`. */
const FIELDS = { files: 4, services: 6, error: 7 } as const;

function writeAnswer(writer: protobuf.Writer, answer: ReflectionAnswer): void {
  switch (answer.kind) {
    case "files":
      for (const file of answer.files) writer.uint32(10).bytes(file);
      return;
    case "services":
      for (const name of answer.names) writer.uint32(10).fork().uint32(10).string(name).ldelim();
      return;
    case "error":
      writer.uint32(8).int32(answer.status).uint32(18).string(answer.message);
      return;
  }
}
