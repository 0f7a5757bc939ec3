import { assertNever } from "../../errors.ts";
import type { Direction } from "../../io/schema.ts";
import type { ColumnSpec, DataFrameSpec, IoSpec, TensorSpec } from "../../io/types.ts";
import { formatShape } from "../../tensor/shape.ts";
import { fieldOfSchema, fieldsOfObject, type FieldUse, inside, jsonField } from "./schema-shape.ts";
import { COLUMN_SCALARS, FILE_MESSAGE, NULLABLE_COLUMN_MESSAGES, TENSOR_MESSAGES } from "./shared-messages.ts";
import type { FieldShape, MessageShape, Scalar } from "./types.ts";

/**
 * The fields of the message that is an API's input or output.
 *
 * A data frame's columns, named tensors, a form's fields and an object's members are its fields; any other type is one field called `input` or `output`.
 */
export function fieldsOfSpec(spec: IoSpec, direction: Direction): readonly FieldShape[] {
  return membersOfSpec(spec, direction) ?? [fieldOfSpec(direction, spec, { direction, isRequired: true })];
}

/** The fields of a type that is several values by name; undefined for any other. */
export function membersOfSpec(spec: IoSpec, direction: Direction): readonly FieldShape[] | undefined {
  switch (spec.kind) {
    case "dataFrame":
      return Object.entries(spec.columns).map(([name, column]) => columnField(name, column));
    case "tensors":
      return Object.entries(spec.tensors).map(([name, tensor]) => tensorField(name, tensor));
    case "multipart":
      return Object.entries(spec.fields).map(([name, field]) =>
        fieldOfSpec(name, field.spec, { direction, isRequired: field.required }),
      );
    case "json":
      return fieldsOfObject(spec.schema, direction);
    default:
      return undefined;
  }
}

function fieldOfSpec(key: string, spec: IoSpec, use: FieldUse): FieldShape {
  switch (spec.kind) {
    case "tensor":
      return tensorField(key, spec);
    case "text":
      return scalarField(key, "string", use);
    case "bytes":
      return { ...scalarField(key, "bytes", use), comment: spec.mediaType };
    case "image":
      return {
        ...scalarField(key, "bytes", use),
        comment: use.direction === "output" ? "A PNG picture." : "A picture.",
      };
    case "file":
      return messageField(key, FILE_MESSAGE);
    case "json":
      return fieldOfSchema(key, spec.schema, use);
    case "list":
      return jsonField(key, "A list.");
    case "dataFrame":
    case "tensors":
    case "multipart":
      return messageField(key, inside(membersOfSpec(spec, use.direction) ?? [], false));
    default:
      return assertNever(spec);
  }
}

const SINGLE = { isRepeated: false, isJson: false, absence: "nothing", hasPresence: false, comment: "" } as const;

function messageField(key: string, type: MessageShape): FieldShape {
  return { ...SINGLE, key, type };
}

function scalarField(key: string, type: Scalar, { direction, isRequired }: FieldUse): FieldShape {
  return { ...SINGLE, key, type, hasPresence: direction === "input" || !isRequired };
}

function tensorField(key: string, { dtype, shape }: Pick<TensorSpec, "dtype" | "shape">): FieldShape {
  const free = shape.includes(null) ? ", -1 is free" : "";
  return { ...messageField(key, TENSOR_MESSAGES[dtype]), comment: `Shape ${formatShape(shape)}${free}.` };
}

function columnField(key: string, column: DataFrameSpec["columns"][string]): FieldShape {
  const comment = columnComment(column);
  if (column.nullable === true) return { ...messageField(key, NULLABLE_COLUMN_MESSAGES[column.type]), comment };
  return { ...SINGLE, key, type: COLUMN_SCALARS[column.type], isRepeated: true, absence: "empty", comment };
}

function columnComment({ description = "", min, max, maxLength, enum: listed }: ColumnSpec): string {
  const rules = [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
    ...(maxLength === undefined ? [] : [`at most ${maxLength} characters`]),
    ...(listed === undefined ? [] : [`one of ${listed.map((value) => JSON.stringify(value)).join(", ")}`]),
  ].join(", ");
  return [description, rules && `${rules.slice(0, 1).toUpperCase()}${rules.slice(1)}.`].filter(Boolean).join("\n");
}
