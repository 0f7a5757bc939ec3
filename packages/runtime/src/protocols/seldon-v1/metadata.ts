import { describeValue } from "../../describe-value.ts";
import { ServingError } from "../../errors.ts";
import type { ApiDefinition, ServiceDefinition } from "../../definition/types.ts";
import { jsonSchemaOf } from "../../io/schema.ts";
import type { Direction } from "../../io/schema.ts";
import { tensorInfosOf } from "../../io/tensor-infos.ts";
import type { IoSpec, JsonValue } from "../../io/types.ts";
import { DTYPES } from "../../tensor/dtype.ts";
import type { SeldonHost } from "../types.ts";
import { splitImage } from "./image-name.ts";

/** What a component tells of itself. */
export interface SeldonMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly MessageMetadata[];
  readonly outputs: readonly MessageMetadata[];
  readonly custom: Readonly<Record<string, string>>;
}

/** One input or output: of a kind of message with a schema, or a tensor as in V2. */
export interface MessageMetadata {
  readonly messagetype?: string;
  readonly schema?: JsonValue;
  readonly name?: string;
  readonly datatype?: string;
  readonly shape?: readonly number[];
}

/**
 * The component's own description, over which MODEL_METADATA goes member by member.
 *
 * Throws INTERNAL (`details.metadata`) when that is none, or has unknown members. Source: Seldon v1, metadata of a component.
 */
export function toMetadata(
  definition: ServiceDefinition,
  { image, metadataJson }: Pick<SeldonHost, "image" | "metadataJson">,
): SeldonMetadata {
  const { name, version } = splitImage(image);
  const api = definition.apis.find((one) => one.default) ?? definition.apis[0];
  return {
    name: name ?? definition.name,
    versions: [version ?? definition.version],
    platform: "",
    inputs: api === undefined ? [] : describeSide(api, "input"),
    outputs: api === undefined ? [] : describeSide(api, "output"),
    custom: {},
    ...parseOwn(metadataJson),
  };
}

function describeSide(api: ApiDefinition, side: Direction): readonly MessageMetadata[] {
  return describeType(api[side], side);
}

function describeType(spec: IoSpec, side: Direction): readonly MessageMetadata[] {
  switch (spec.kind) {
    case "tensor":
    case "tensors":
      return tensorInfosOf(spec, side).map(({ name, dtype, shape }) => ({
        name,
        datatype: DTYPES[dtype].v2,
        shape: shape.map((size) => size ?? -1),
      }));
    case "dataFrame": {
      const columns = Object.entries(spec.columns);
      const isNumeric = columns.every(([, { type }]) => type !== "string" && type !== "bool");
      const schema = { names: columns.map(([name]) => name), shape: [-1, columns.length] };
      return [{ messagetype: isNumeric ? "tensor" : "ndarray", schema }];
    }
    case "text":
      return [{ messagetype: "strData" }];
    case "image":
    case "file":
    case "bytes":
      return [{ messagetype: "binData" }];
    case "list":
      return describeType(spec.items, side);
    case "json": {
      const { type } = spec.schema;
      if (type === "string") return [{ messagetype: "strData" }];
      // Lists are read from arrays, and answered as such.
      return [{ messagetype: type === "array" ? "ndarray" : "jsonData", schema: spec.schema }];
    }
    case "multipart":
      return [{ messagetype: "jsonData", schema: jsonSchemaOf(spec, side) }];
  }
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isTextMap: Check = (value) => isObject(value) && Object.values(value).every(isText);
const isWholeNumbers: Check = (value) => Array.isArray(value) && value.every((size) => Number.isSafeInteger(size));
const isMessages: Check = (value) =>
  Array.isArray(value) && value.every((item) => isObject(item) && fits(item, MESSAGE));

const MESSAGE: Readonly<Record<keyof MessageMetadata, Check>> = {
  messagetype: isText,
  schema: () => true,
  name: isText,
  datatype: isText,
  shape: isWholeNumbers,
};

const METADATA: Readonly<Record<keyof SeldonMetadata, Check>> = {
  name: isText,
  versions: isTexts,
  platform: isText,
  inputs: isMessages,
  outputs: isMessages,
  custom: isTextMap,
};

function parseOwn(json: string | null): Partial<SeldonMetadata> {
  if (json === null) throw refused("it is neither JSON nor YAML of an object");
  const own: unknown = JSON.parse(json);
  if (!isObject(own)) throw refused(`it is ${describeValue(own)}`);
  const wrong = Object.keys(own).find((name) => !fits({ [name]: own[name] }, METADATA));
  if (wrong !== undefined) throw refused(`"${wrong}" is unknown or of another type`);
  return own;
}

function fits(object: Readonly<Record<string, unknown>>, checks: Readonly<Record<string, Check>>): boolean {
  return Object.entries(object).every(([name, value]) => Object.hasOwn(checks, name) && checks[name]?.(value) === true);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refused(reason: string): ServingError {
  return new ServingError("INTERNAL", `MODEL_METADATA can't be used: ${reason}`, { details: { metadata: reason } });
}
