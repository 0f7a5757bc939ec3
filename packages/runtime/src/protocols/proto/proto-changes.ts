import { recordedType, fieldRecord } from "./number-fields.ts";
import type { MessageRecord, MethodRecord, ProtoMessage, ProtoMethod, ProtoRecord, ServiceProto } from "./types.ts";

/** How a service differs from what was recorded of it, in words, one line each. */
export interface ProtoChanges {
  /** What clients made before don't understand, or are misunderstood in. */
  readonly breaking: readonly string[];
  /** What is not recorded yet, or is gone and not reserved yet: its numbers are safe only once they are written down. */
  readonly unrecorded: readonly string[];
}

/** Compares a service's `.proto` with the record of it. */
export function protoChanges(proto: ServiceProto, record: ProtoRecord): ProtoChanges {
  const breaking: string[] = [];
  const unrecorded: string[] = [];
  for (const part of ["package", "service"] as const) {
    if (proto[part] !== record[part])
      breaking.push(`${part} ${record[part]} is called ${proto[part]} now: clients call the old one`);
  }
  const present = new Map(proto.methods.map((method) => [method.name, method]));
  for (const [name, method] of Object.entries(record.methods)) {
    if (method.isRemoved !== true && !present.has(name)) breaking.push(`method ${name} is gone`);
  }
  for (const method of proto.methods) {
    const known = Object.hasOwn(record.methods, method.name) ? record.methods[method.name] : undefined;
    if (known === undefined || known.isRemoved === true) unrecorded.push(`method ${method.name} is new`);
    else compareMethod(method, known, { breaking, unrecorded });
  }
  return { breaking, unrecorded };
}

interface Found {
  readonly breaking: string[];
  readonly unrecorded: string[];
}

function compareMethod({ name, api, request, response }: ProtoMethod, known: MethodRecord, found: Found): void {
  if (api.stream !== known.stream) {
    const answers = (isStream: boolean): string => (isStream ? "a stream" : "one message");
    found.breaking.push(`method ${name} answers with ${answers(api.stream)}, before with ${answers(known.stream)}`);
  }
  compareMessage(request, known.request, request.name, found);
  compareMessage(response, known.response, response.name, found);
}

function compareMessage(message: ProtoMessage, record: MessageRecord, place: string, found: Found): void {
  const present: ReadonlySet<string> = new Set(message.fields.map(({ key }) => key));
  for (const [key, { number, name = key }] of Object.entries(record.fields)) {
    if (!present.has(key)) found.unrecorded.push(`${place}.${name} is gone, its number ${number} is not reserved yet`);
  }
  for (const field of message.fields) {
    const at = `${place}.${field.name}`;
    const known = fieldRecord(record, field.key);
    if (known === undefined) found.unrecorded.push(`${at} is new`);
    else if (known.type !== recordedType(field))
      found.breaking.push(
        `${at} is ${recordedType(field)} now, before it was ${known.type}: clients made before don't know its new number`,
      );
    else if (typeof field.type !== "string" && known.message !== undefined)
      compareMessage(field.type, known.message, at, found);
  }
}
