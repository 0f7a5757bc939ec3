import { isFieldName } from "./names.ts";
import type { ProtoField, ProtoMessage, ProtoMethod, ServiceProto } from "./types.ts";

/** The path of a service's `.proto` as other files would import it: `bento/boston/v1/boston.proto`. */
export function protoFileName(proto: Pick<ServiceProto, "package">): string {
  const folders = proto.package.split(".");
  return `${folders.join("/")}/${folders[1] ?? ""}.proto`;
}

/** The text of a service's `.proto`: the same for the same service and record, whatever the order of its members. */
export function printProto(proto: ServiceProto): string {
  const methods = [...proto.methods].sort((a, b) => (a.name < b.name ? -1 : 1));
  const messages = methods.flatMap(({ request, response }) => [request, response]);
  const shared = new Map(messages.flatMap(sharedIn).map((message) => [message.name, message]));
  return [
    'syntax = "proto3";',
    "",
    `package ${proto.package};`,
    "",
    ...serviceLines({ ...proto, methods }),
    ...[...messages, ...[...shared.values()].sort((a, b) => (a.name < b.name ? -1 : 1))].flatMap((message) => [
      "",
      ...messageLines(message),
    ]),
    "",
  ].join("\n");
}

function serviceLines({ service, comment, methods }: ServiceProto): readonly string[] {
  const body = methods.flatMap((method, index) => [...(index === 0 ? [] : [""]), ...methodLines(method)]);
  return [...commentLines(comment), `service ${service} {`, ...indent(body), "}"];
}

function methodLines({ name, api, request, response }: ProtoMethod): readonly string[] {
  const stream = api.stream ? "stream " : "";
  return [
    ...commentLines([api.summary, api.description, callersText(api)].filter(Boolean).join("\n\n")),
    `rpc ${name}(${request.name}) returns (${stream}${response.name});`,
  ];
}

/** What a client has to know of who may call. The rules themselves are not told: the file is given away. */
function callersText({ authorize }: ProtoMethod["api"]): string {
  if (authorize === null) return "";
  return authorize === "public"
    ? "Asks for no credentials, where the server lets its author say so."
    : "For callers that its author's rules let in: credentials go into the metadata, as `authorization: Bearer TOKEN`\nor as the server has it. UNAUTHENTICATED without them, PERMISSION_DENIED when they are good and not enough.";
}

function messageLines({ name, comment, fields, reserved }: ProtoMessage): readonly string[] {
  const inside = fields.flatMap(({ type }) => (typeof type !== "string" && type.place === "inside" ? [type] : []));
  const head = [
    ...(reserved.numbers.length > 0 ? [`reserved ${reserved.numbers.join(", ")};`] : []),
    ...(reserved.names.length > 0 ? [`reserved ${reserved.names.map((one) => `"${one}"`).join(", ")};`] : []),
  ];
  const parts = [head, ...inside.map(messageLines), fields.flatMap(fieldLines)].filter((part) => part.length > 0);
  const body = parts.flatMap((part, index) => [...(index === 0 ? [] : [""]), ...part]);
  if (body.length === 0) return [...commentLines(comment), `message ${name} {}`];
  return [...commentLines(comment), `message ${name} {`, ...indent(body), "}"];
}

function fieldLines(field: ProtoField): readonly string[] {
  const { type, isRepeated, hasPresence, name, number, comment } = field;
  const label = isRepeated ? "repeated " : hasPresence ? "optional " : "";
  const typeName = typeof type === "string" ? type : type.name;
  return [...commentLines(comment), `${label}${typeName} ${name} = ${number}${optionsOf(field)};`];
}

/** JSON forms of a message have the names of the IO type. */
function optionsOf({ key, name, isJson }: ProtoField): string {
  if (isJson || !isJsonName(key) || toJsonName(name) === key) return "";
  return ` [json_name = "${key}"]`;
}

/** protoc's rule: underscores go, the letter behind one is made upper case. */
function toJsonName(name: string): string {
  return name.replace(/_+(.?)/g, (_, letter: string) => letter.toUpperCase());
}

/** Names that a `.proto` can hold without escapes. protoc refuses those in brackets. */
function isJsonName(key: string): boolean {
  return isFieldName(key) || /^[A-Za-z0-9_][\w .:/+-]*$/.test(key);
}

function sharedIn({ fields }: ProtoMessage): readonly ProtoMessage[] {
  return fields.flatMap(({ type }) => {
    if (typeof type === "string") return [];
    return type.place === "file" ? [type, ...sharedIn(type)] : sharedIn(type);
  });
}

function commentLines(text: string): readonly string[] {
  if (text.trim() === "") return [];
  // A line break of any kind would end the comment in the middle of an author's text.
  return text
    .trim()
    .split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/)
    .map((line) => `// ${line.trimEnd()}`.trimEnd());
}

function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => (line === "" ? "" : `  ${line}`));
}
