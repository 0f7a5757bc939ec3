import type { Content } from "../../io/types.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** A message of Seldon v1 as it came, over REST or gRPC; `data` is undefined where it had none of the kinds. */
export interface SeldonMessage {
  readonly meta: SeldonMeta;
  readonly data: SeldonData | undefined;
}

/** What a message carries. */
export type SeldonData = ArrayData | OtherData;

/** An array in one of its three forms, with names of its columns. */
export type ArrayData =
  /** Values in row-major order, of JSON or as doubles; as many as the shape says. */
  | {
      readonly kind: "tensor";
      readonly names: readonly string[];
      readonly shape: readonly number[];
      readonly values: readonly unknown[] | Float64Array;
    }
  | { readonly kind: "ndarray"; readonly names: readonly string[]; readonly values: readonly unknown[] }
  | { readonly kind: "tftensor"; readonly names: readonly string[]; readonly tensor: Tensor };

export type OtherData =
  | { readonly kind: "strData"; readonly text: string }
  | { readonly kind: "jsonData"; readonly value: unknown }
  | { readonly kind: "binData"; readonly content: Content };

/** Form in which an array is answered. */
export type ArrayKind = ArrayData["kind"];

/** The kinds of a metric of a message. */
export const METRIC_TYPES = ["COUNTER", "GAUGE", "TIMER"] as const;

export interface SeldonMetric {
  readonly key: string;
  readonly type: (typeof METRIC_TYPES)[number];
  readonly value: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** What travels with a message. */
export interface SeldonMeta {
  /** "" where it has none. */
  readonly puid: string;
  /** Any JSON by name. */
  readonly tags: Readonly<Record<string, unknown>>;
  readonly routing: Readonly<Record<string, number>>;
  readonly requestPath: Readonly<Record<string, string>>;
  readonly metrics: readonly SeldonMetric[];
}

/** The meta of a message that brought none. */
export const NO_META: SeldonMeta = { puid: "", tags: {}, routing: {}, requestPath: {}, metrics: [] };

/** What came of an answer: parts without data are left out. */
export interface SeldonFeedback {
  readonly request: SeldonMessage | undefined;
  readonly response: SeldonMessage | undefined;
  readonly truth: SeldonMessage | undefined;
  readonly reward: number;
}

/** What a call of each operation brings. */
export type SeldonRequest =
  | { readonly form: "message"; readonly message: SeldonMessage }
  | { readonly form: "list"; readonly messages: readonly SeldonMessage[] }
  | { readonly form: "feedback"; readonly feedback: SeldonFeedback }
  /** A body that is handed on as it is (PAYLOAD_PASSTHROUGH). */
  | { readonly form: "raw"; readonly content: Content };

/** A message that is answered. */
export interface SeldonReply {
  readonly data: ReplyData;
  readonly meta: Omit<SeldonMeta, "routing">;
}

/** What a reply carries; `names` is left out of it where it is undefined. */
export type ReplyData =
  | { readonly kind: "tensor" | "tftensor"; readonly names: readonly string[] | undefined; readonly tensor: Tensor }
  | { readonly kind: "ndarray"; readonly names: readonly string[] | undefined; readonly values: readonly unknown[] }
  | OtherData;
