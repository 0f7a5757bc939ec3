import type { Readable } from "node:stream";
import type { DType } from "../tensor/dtype.ts";
import type { NamedTensors } from "../tensor/tensor.ts";

/** A value that JSON can carry. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A JSON Schema 2020-12 object. */
export type JsonSchema = { readonly [key: string]: JsonValue };

/** What becomes of NaN and infinities: an error, `null`, or the strings "NaN", "Infinity", "-Infinity". */
export type NanPolicy = "error" | "null" | "string";

/**
 * Bytes that came as one body or one multipart field: in memory up to 1 MiB, past that in a temporary file.
 *
 * The server removes the file when the call ends; who wants to keep the bytes copies them.
 */
export interface Content {
  /** Length in bytes. */
  readonly size: number;
  /** All bytes; reads the file when they were spooled. */
  bytes(): Promise<Uint8Array>;
  stream(): Readable;
}

/** One part of a multipart body, or a raw body as its only part. */
export interface Part {
  /** Field name; undefined for a raw body. */
  readonly name: string | undefined;
  readonly fileName: string | undefined;
  /** Media type in lower case without parameters: `image/png`; "application/octet-stream" where none came. */
  readonly mediaType: string;
  readonly content: Content;
  /** The field's value as the protocol has taken it apart already, in place of `content`, which is then empty: a tensor in a gRPC message. */
  readonly decoded?: Payload;
}

/** What a protocol took off the wire, or puts on it: each codec knows wire ↔ Payload, each IO type Payload ↔ value. */
export type Payload =
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "tensors"; readonly tensors: NamedTensors }
  | { readonly kind: "parts"; readonly parts: readonly Part[] };

/** Choices of one API that reading and writing depend on. */
export interface IoOptions {
  readonly nan: NanPolicy;
}

/** The three shapes in which a result can be written. */
export type PayloadKind = Payload["kind"];

/**
 * An input or output type of an API: `spec` is its description as plain data, `read` and `write` are its code.
 *
 * `read` throws INVALID_ARGUMENT with one problem for each fault (JSON Pointer and what was expected), UNSUPPORTED_MEDIA_TYPE when it can't be
 * had from this kind of payload. `write` throws INTERNAL when the author's value does not fit the type: that is the service's fault.
 */
export interface IoType<T> {
  readonly spec: IoSpec;
  read(payload: Payload, options: IoOptions): T | Promise<T>;
  write(value: T, as: PayloadKind, options: IoOptions): Payload | Promise<Payload>;
}

/** Column of a data frame as its author declares it. */
export interface ColumnSpec {
  readonly type: ColumnType;
  /** Smallest and largest value allowed, both ends included. */
  readonly min?: number;
  readonly max?: number;
  /** Longest text allowed, in characters. */
  readonly maxLength?: number;
  readonly enum?: readonly (string | number)[];
  /** Whether a cell may be missing or null; its value is then null. */
  readonly nullable?: boolean;
  readonly description?: string;
}

export type ColumnType = "float64" | "float32" | "int32" | "int64" | "bool" | "string";

/** How the rows of a data frame stand in JSON. */
export type Orient = "records" | "split" | "columns";

export interface DataFrameSpec {
  readonly kind: "dataFrame";
  /** Name of the field that holds the frame: `{"df": …}`. */
  readonly key: string;
  readonly columns: Readonly<Record<string, ColumnSpec>>;
  readonly case: "exact" | "ignore";
  /** What becomes of columns that are not declared. */
  readonly extra: "error" | "ignore";
  /** How it is written as an output; as input every orientation is understood. */
  readonly orient: Orient;
  readonly minRows: number;
  readonly maxRows: number | null;
}

export interface TensorSpec {
  readonly kind: "tensor";
  readonly dtype: DType;
  /** Sizes; `null` leaves one free. */
  readonly shape: readonly (number | null)[];
}

/** Named tensors: the type of a model that is served without code, and of an object of tensors. */
export interface TensorsSpec {
  readonly kind: "tensors";
  readonly tensors: Readonly<Record<string, { readonly dtype: DType; readonly shape: readonly (number | null)[] }>>;
}

export interface ImageSpec {
  readonly kind: "image";
  /** Height and width in pixels to which the picture is resized; null keeps its own. */
  readonly size: { readonly height: number | null; readonly width: number | null } | null;
  readonly fit: "fill" | "contain" | "cover" | "inside";
  readonly channels: "rgb" | "bgr" | "gray";
  readonly layout: "nchw" | "nhwc" | "chw" | "hwc";
  /** Formats accepted, by what the bytes say. */
  readonly formats: readonly ImageFormat[];
  /** Largest number of pixels (width × height × frames), checked before decoding. */
  readonly maxPixels: number;
  /** value = (pixel × scale − mean) / std, per channel in the order of `channels`. */
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly dtype: "float32" | "uint8";
}

export type ImageFormat = "png" | "jpeg" | "webp" | "gif" | "tiff" | "avif";

export interface FileSpec {
  readonly kind: "file";
  /** Media types accepted; empty accepts any. */
  readonly mediaTypes: readonly string[];
}

export interface TextSpec {
  readonly kind: "text";
  readonly maxLength: number | null;
}

export interface BytesSpec {
  readonly kind: "bytes";
  /** Media type under which the bytes are answered. */
  readonly mediaType: string;
}

export interface JsonSpec {
  readonly kind: "json";
  readonly schema: JsonSchema;
}

/** Several fields of one multipart form (or of one JSON object), each of its own type. */
export interface MultipartSpec {
  readonly kind: "multipart";
  readonly fields: Readonly<Record<string, { readonly spec: IoSpec; readonly required: boolean }>>;
}

/** Several values of one type: what the results of a graph's branches come as. */
export interface ListSpec {
  readonly kind: "list";
  readonly items: IoSpec;
}

/** The description of an IO type as plain data: it goes into definitions, OpenAPI and bentos. */
export type IoSpec =
  | JsonSpec
  | DataFrameSpec
  | TensorSpec
  | TensorsSpec
  | ImageSpec
  | FileSpec
  | TextSpec
  | BytesSpec
  | MultipartSpec
  | ListSpec;
