import type { ApiDefinition } from "../../definition/types.ts";

/** The scalar types that are used. */
export type Scalar = "double" | "float" | "int32" | "int64" | "bool" | "string" | "bytes";

/** What a field that did not come stands for: no member at all, `null`, an empty list, or what IO types call missing. */
export type Absence = "nothing" | "null" | "empty";

/** A field before it has a number. `key` is its name in the IO type, by which its number is kept. */
export interface FieldShape {
  readonly key: string;
  readonly type: Scalar | MessageShape;
  readonly isRepeated: boolean;
  /** Whether the text holds JSON: the form of all that has no typed one. */
  readonly isJson: boolean;
  readonly absence: Absence;
  /** Whether "did not come" is told from the default, 0 or "". */
  readonly hasPresence: boolean;
  readonly comment: string;
}

/** A message before its fields have numbers. */
export interface MessageShape {
  /** Where it stands in the file: at the top for messages that have the same fields everywhere, else inside of the one that uses it. */
  readonly place: "file" | "inside";
  /** Name at the top of the file; of one that stands inside the name of its field tells. */
  readonly name: string | undefined;
  /** Whether it only stands around a list: protobuf has no lists of lists. */
  readonly isListOnly: boolean;
  readonly fields: readonly FieldShape[];
  readonly comment: string;
}

/** A field of the `.proto`. */
export interface ProtoField extends Omit<FieldShape, "type"> {
  readonly name: string;
  readonly number: number;
  readonly type: Scalar | ProtoMessage;
}

/** A message of the `.proto`; its fields stand in the order of their numbers. */
export interface ProtoMessage extends Omit<MessageShape, "name" | "fields"> {
  readonly name: string;
  readonly fields: readonly ProtoField[];
  /** Numbers and names of fields that are gone, which must not come back with another meaning. */
  readonly reserved: { readonly numbers: readonly number[]; readonly names: readonly string[] };
}

/** A method of the `.proto`: an API. */
export interface ProtoMethod {
  readonly name: string;
  readonly api: ApiDefinition;
  readonly request: ProtoMessage;
  readonly response: ProtoMessage;
}

/** The `.proto` of a service: everything that its text and its codec need. */
export interface ServiceProto {
  /** `bento.<service>.v1`. */
  readonly package: string;
  /** Name of the service in its package. */
  readonly service: string;
  readonly comment: string;
  readonly methods: readonly ProtoMethod[];
}

/** The numbers of one message's fields, by their names in the IO type. */
export interface MessageRecord {
  readonly fields: Readonly<Record<string, FieldRecord>>;
  readonly reserved?: { readonly numbers: readonly number[]; readonly names: readonly string[] };
}

/** What is kept of one field. */
export interface FieldRecord {
  readonly number: number;
  /** As in the `.proto` without label, `message` for one that stands inside, `json` for a text that holds JSON. */
  readonly type: string;
  /** Name in the `.proto` where it is not that in the IO type. */
  readonly name?: string;
  /** Of a message that stands inside. */
  readonly message?: MessageRecord;
}

/** What is kept of one method. */
export interface MethodRecord {
  readonly stream: boolean;
  readonly request: MessageRecord;
  readonly response: MessageRecord;
  /** Whether its API is gone; its numbers stay, in case that it comes back. */
  readonly isRemoved?: true;
}

/** `bento.proto.json`: the numbers that a service's `.proto` has given away. */
export interface ProtoRecord {
  readonly formatVersion: 1;
  readonly package: string;
  readonly service: string;
  readonly methods: Readonly<Record<string, MethodRecord>>;
}
