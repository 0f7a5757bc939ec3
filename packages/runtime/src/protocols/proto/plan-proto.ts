import type { ServiceDefinition } from "../../definition/types.ts";
import { methodNames, toPascalCase } from "./names.ts";
import { NO_RECORD, numberFields } from "./number-fields.ts";
import { fieldsOfSpec } from "./spec-shape.ts";
import type { FieldShape, MessageRecord, ProtoMessage, ProtoRecord, ServiceProto } from "./types.ts";

/** The `.proto` of a service; fields have the numbers of the record where they stand in it. */
export function planProto(definition: ServiceDefinition, record: ProtoRecord | undefined): ServiceProto {
  const names = methodNames(definition.apis.map(({ name }) => name));
  const service = toPascalCase(definition.name);
  const toTopName = (name: string): string => (name === service ? `${name}Message` : name);
  return {
    package: packageOf(definition.name),
    service,
    comment: definition.description,
    methods: definition.apis.map((api) => {
      const name = names.get(api.name) ?? api.name;
      const known = methodRecord(record, name);
      const message = (fields: readonly FieldShape[], kind: "request" | "response"): ProtoMessage =>
        numberFields(
          { place: "file", name: undefined, isListOnly: false, fields, comment: "" },
          { name: toTopName(`${name}${toPascalCase(kind)}`), record: known[kind], toTopName },
        );
      return {
        name,
        api,
        request: message(fieldsOfSpec(api.input, "input"), "request"),
        response: message(fieldsOfSpec(api.output, "output"), "response"),
      };
    }),
  };
}

/** `bento.<service>.v1`; a "-" is no letter of a package. */
function packageOf(serviceName: string): string {
  return `bento.${serviceName.replaceAll("-", "_")}.v1`;
}

function methodRecord(
  record: ProtoRecord | undefined,
  method: string,
): { readonly request: MessageRecord; readonly response: MessageRecord } {
  const known = record !== undefined && Object.hasOwn(record.methods, method) ? record.methods[method] : undefined;
  return known ?? { request: NO_RECORD, response: NO_RECORD };
}
