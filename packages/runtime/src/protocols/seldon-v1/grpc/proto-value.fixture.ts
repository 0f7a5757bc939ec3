/** JSON as a google.protobuf.Value, in the form of protobufjs and of loaders that are built on it. */
export function toProtoValue(value: unknown): object {
  if (value === null) return { nullValue: 0 };
  if (typeof value === "number") return { numberValue: value };
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (Array.isArray(value)) return { listValue: { values: value.map(toProtoValue) } };
  const fields = Object.entries(value as object).map(([name, member]) => [name, toProtoValue(member)]);
  return { structValue: { fields: Object.fromEntries(fields) } };
}
