import { invalidInput } from "../../../errors.ts";
import { contentFromBytes } from "../../../io/content.ts";
import { JoinedBytes } from "../../wire/joined-bytes.ts";
import { delimitedTag, fixed32Tag, ProtoReader } from "../../wire/proto-reader.ts";
import { NO_META, type SeldonData, type SeldonFeedback, type SeldonMessage } from "../types.ts";
import { decodeArray } from "./decode-array.ts";
import { decodeMeta } from "./decode-meta.ts";
import { FEEDBACK, LIST, MESSAGE } from "./fields.ts";
import { COST, type DecodeBudgets, readFloat, spend, toText } from "./read-field.ts";
import { decodeValue } from "./struct-value.ts";

/**
 * Reads a `seldon.protos.SeldonMessage`; of several kinds of data the last counts.
 *
 * Throws INVALID_ARGUMENT with the place of what is wrong, PAYLOAD_TOO_LARGE where repeated values would use up their budget.
 */
export function decodeMessage(bytes: Buffer, path: string, budgets: DecodeBudgets): SeldonMessage {
  spend(budgets.values, COST.message);
  const meta = new JoinedBytes();
  let kind: keyof typeof KINDS | undefined;
  let data = new JoinedBytes();
  const reader = new ProtoReader(bytes);
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    const found = KIND_OF.get(tag);
    if (tag === delimitedTag(MESSAGE.meta)) meta.take(reader);
    else if (found === undefined) reader.skip(tag);
    else {
      // A message that comes again is joined; a text or bytes, and any other kind, begins anew.
      if (found !== kind || found === "strData" || found === "binData") data = new JoinedBytes();
      kind = found;
      data.take(reader);
    }
  }
  return {
    meta: meta.whole.length === 0 ? NO_META : decodeMeta(meta.whole, `${path}/meta`, budgets.values),
    data: kind === undefined ? undefined : KINDS[kind](data.whole, `${path}/${kind}`, budgets),
  };
}

/** Reads a `seldon.protos.SeldonMessageList`. */
export function decodeMessages(bytes: Buffer, budgets: DecodeBudgets): readonly SeldonMessage[] {
  const messages: SeldonMessage[] = [];
  const reader = new ProtoReader(bytes);
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === delimitedTag(LIST.messages))
      messages.push(decodeMessage(reader.view(), `/seldonMessages/${messages.length}`, budgets));
    else reader.skip(tag);
  }
  return messages;
}

/** Reads a `seldon.protos.Feedback`, of which everything may be left out. */
export function decodeFeedback(bytes: Buffer, budgets: DecodeBudgets): SeldonFeedback {
  const parts = new Map<number, JoinedBytes>();
  let reward = 0;
  const reader = new ProtoReader(bytes);
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (FEEDBACK_PARTS.has(tag)) parts.set(tag, (parts.get(tag) ?? new JoinedBytes()).take(reader));
    else if (tag === fixed32Tag(FEEDBACK.reward)) reward = readFloat(reader);
    else reader.skip(tag);
  }
  if (!Number.isFinite(reward))
    throw invalidInput([{ path: "/reward", message: `expected a finite number, got ${reward}` }]);
  const messageAt = (name: "request" | "response" | "truth"): SeldonMessage | undefined => {
    const part = parts.get(delimitedTag(FEEDBACK[name]));
    return part === undefined ? undefined : decodeMessage(part.whole, `/${name}`, budgets);
  };
  return { request: messageAt("request"), response: messageAt("response"), truth: messageAt("truth"), reward };
}

const FEEDBACK_PARTS = new Set([FEEDBACK.request, FEEDBACK.response, FEEDBACK.truth].map(delimitedTag));

type ReadKind = (bytes: Buffer, path: string, budgets: DecodeBudgets) => SeldonData;

/** Each kind of data, by the name of its field. */
const KINDS = {
  data: decodeArray,
  binData: (bytes) => ({ kind: "binData", content: contentFromBytes(bytes) }),
  strData: (bytes, path) => ({ kind: "strData", text: toText(bytes, path) }),
  jsonData: (bytes, path, { values }) => ({ kind: "jsonData", value: decodeValue(bytes, path, values) }),
  customData: (_bytes, path) => {
    throw invalidInput([
      { path, message: "messages of foreign types can't be read: send data, jsonData, strData or binData" },
    ]);
  },
} as const satisfies Record<Exclude<keyof typeof MESSAGE, "meta">, ReadKind>;

const KIND_OF: ReadonlyMap<number, keyof typeof KINDS> = new Map(
  (["data", "binData", "strData", "jsonData", "customData"] as const).map((kind) => [
    delimitedTag(MESSAGE[kind]),
    kind,
  ]),
);
