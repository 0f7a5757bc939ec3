import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor/index.js";

/** A parsed file: its own types, resolved among those of all files that it imports. */
export interface ProtoFile {
  /** As other files import it. */
  readonly name: string;
  readonly package: string;
  readonly imports: readonly string[];
  /** Messages, enums and services at the file's top. */
  readonly members: readonly protobuf.ReflectionObject[];
}

/**
 * The serialized `google.protobuf.FileDescriptorProto` of a proto3 file, as protoc would make it, less comments and source positions.
 *
 * protobufjs has a converter of its own; it loses JSON names and the ends of reserved ranges, and sorts types into files by package.
 */
export function toFileDescriptor(file: ProtoFile): Uint8Array {
  const is = <T extends protobuf.ReflectionObject>(kind: new (...args: never[]) => T): T[] =>
    file.members.filter((member): member is T => member instanceof kind);
  const plain = {
    name: file.name,
    package: file.package,
    dependency: file.imports,
    messageType: is(protobuf.Type).map(messageOf),
    enumType: is(protobuf.Enum).map(enumOf),
    service: is(protobuf.Service).map(serviceOf),
    syntax: "proto3",
  };
  return descriptor.FileDescriptorProto.encode(descriptor.FileDescriptorProto.fromObject(plain)).finish();
}

type Plain = Readonly<Record<string, unknown>>;

function messageOf(type: protobuf.Type): Plain {
  // In a descriptor the oneofs of `optional` fields stand behind all others.
  const oneofs = [...type.oneofsArray].sort((a, b) => Number(isOfOptional(a)) - Number(isOfOptional(b)));
  const nested = type.nestedArray;
  const reserved = type.reserved ?? [];
  return {
    name: type.name,
    field: type.fieldsArray.map((field) => fieldOf(field, oneofs)),
    nestedType: [
      ...nested.filter((member) => member instanceof protobuf.Type).map(messageOf),
      ...type.fieldsArray.filter((field) => field instanceof protobuf.MapField).map(mapEntryOf),
    ],
    enumType: nested.filter((member) => member instanceof protobuf.Enum).map(enumOf),
    oneofDecl: oneofs.map(({ name }) => ({ name })),
    // Their end is not part of them.
    reservedRange: reserved
      .filter((range) => typeof range !== "string")
      .map(([start = 0, end = 0]) => ({ start, end: end + 1 })),
    reservedName: reserved.filter((name) => typeof name === "string"),
  };
}

function isOfOptional({ fieldsArray }: protobuf.OneOf): boolean {
  return fieldsArray.some(isProto3Optional);
}

function isProto3Optional({ options }: protobuf.FieldBase): boolean {
  return options?.["proto3_optional"] === true;
}

/** Numbers of `FieldDescriptorProto.Type`. */
const TYPES: Readonly<Record<string, number>> = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  fixed64: 6,
  fixed32: 7,
  bool: 8,
  string: 9,
  bytes: 12,
  uint32: 13,
  sfixed32: 15,
  sfixed64: 16,
  sint32: 17,
  sint64: 18,
};
const MESSAGE = 11;
const ENUM = 14;
/** Numbers of `FieldDescriptorProto.Label`. */
const OPTIONAL = 1;
const REPEATED = 3;

function fieldOf(field: protobuf.Field, oneofs: readonly protobuf.OneOf[]): Plain {
  const name = originalName(field);
  const isMap = field instanceof protobuf.MapField;
  const { packed, json_name: jsonName } = (field.options ?? {}) as {
    readonly packed?: boolean;
    readonly json_name?: string;
  };
  const oneof = oneofs.findIndex((one) => one === field.partOf);
  return {
    name,
    number: field.id,
    label: field.repeated || isMap ? REPEATED : OPTIONAL,
    ...(isMap ? { type: MESSAGE, typeName: `${field.parent?.fullName ?? ""}.${entryName(field)}` } : typeOf(field)),
    jsonName: jsonName ?? toJsonName(name),
    ...(oneof < 0 ? {} : { oneofIndex: oneof }),
    ...(isProto3Optional(field) ? { proto3Optional: true } : {}),
    ...(packed === undefined ? {} : { options: { packed } }),
  };
}

function typeOf({ type, resolvedType }: protobuf.FieldBase): Plain {
  if (resolvedType === null) return { type: TYPES[type] };
  return { type: resolvedType instanceof protobuf.Enum ? ENUM : MESSAGE, typeName: resolvedType.fullName };
}

/** A map is a list of entries of a message made for it. */
function mapEntryOf(field: protobuf.MapField): Plain {
  return {
    name: entryName(field),
    field: [
      { name: "key", number: 1, label: OPTIONAL, type: TYPES[field.keyType], jsonName: "key" },
      { name: "value", number: 2, label: OPTIONAL, ...typeOf(field), jsonName: "value" },
    ],
    options: { mapEntry: true },
  };
}

function entryName(field: protobuf.MapField): string {
  const camel = toJsonName(originalName(field));
  return `${camel.slice(0, 1).toUpperCase()}${camel.slice(1)}Entry`;
}

/** Google's own files come with protobufjs, their names in camel case. */
function originalName({ name, parent }: protobuf.ReflectionObject): string {
  return parent?.fullName.startsWith(".google.protobuf.") === true
    ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    : name;
}

/** protoc's rule: underscores go, the letter behind one is made upper case. */
function toJsonName(name: string): string {
  return name.replace(/_+([^_]?)/g, (_, letter: string) => letter.toUpperCase());
}

function enumOf({ name, values }: protobuf.Enum): Plain {
  return { name, value: Object.entries(values).map(([value, number]) => ({ name: value, number })) };
}

function serviceOf({ name, methodsArray }: protobuf.Service): Plain {
  return {
    name,
    method: methodsArray.map((method) => ({
      name: method.name,
      inputType: method.resolvedRequestType?.fullName,
      outputType: method.resolvedResponseType?.fullName,
      ...(method.requestStream === true ? { clientStreaming: true } : {}),
      ...(method.responseStream === true ? { serverStreaming: true } : {}),
    })),
  };
}
