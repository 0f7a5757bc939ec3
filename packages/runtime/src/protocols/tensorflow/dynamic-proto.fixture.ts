import protobuf from "protobufjs";

const protos = new URL("../../../../../protos/", import.meta.url).pathname;

/** Message types of `protos/`, encoded and decoded by protobufjs from the files themselves: an implementation that shares nothing with the codecs. */
export function loadProtos(...files: readonly string[]): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_from, file) => (protobuf.common.get(file) === null ? protos + file : file);
  root.loadSync([...files]).resolveAll();
  return root;
}

/** Encodes an object with proto3-JSON-like values: enums by name, numbers of 64 bits as text. */
export function encodeWith(type: protobuf.Type, value: object): Buffer {
  return Buffer.from(type.encode(type.fromObject(value)).finish());
}

/** Decodes into plain values: enums by name, numbers of 64 bits as text, bytes as base64, NaN and infinities as text. */
export function decodeWith(type: protobuf.Type, bytes: Uint8Array): unknown {
  return type.toObject(type.decode(bytes), { enums: String, longs: String, bytes: String, json: true });
}
