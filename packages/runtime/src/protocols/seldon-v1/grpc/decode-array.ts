import { invalidInput } from "../../../errors.ts";
import { atPlace } from "../../at-place.ts";
import { decodeTensorProto } from "../../tensorflow/tensor-proto.ts";
import { LIST_ROWS } from "../../tensorflow/value-lists.ts";
import { JoinedBytes } from "../../wire/joined-bytes.ts";
import { delimitedTag, fixed64Tag, ProtoReader, varintTag } from "../../wire/proto-reader.ts";
import { assertArray, assertFills, MAX_ARRAY_RANK } from "../input/assert-fills.ts";
import type { ArrayData } from "../types.ts";
import { DATA, TENSOR } from "./fields.ts";
import { COST, type DecodeBudgets, readText, spend } from "./read-field.ts";
import { decodeList } from "./struct-value.ts";

/**
 * Reads a `seldon.protos.DefaultData`; of several forms the last counts, without any it is an empty list.
 *
 * Throws INVALID_ARGUMENT with the place of what is wrong.
 */
export function decodeArray(bytes: Buffer, path: string, budgets: DecodeBudgets): ArrayData {
  const names: string[] = [];
  let kind: keyof typeof FORMS = "ndarray";
  let form = new JoinedBytes();
  const reader = new ProtoReader(bytes);
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    const found = FORM_OF.get(tag);
    if (tag === delimitedTag(DATA.names)) {
      spend(budgets.values, COST.container);
      names.push(readText(reader, `${path}/names/${names.length}`));
    } else if (found === undefined) reader.skip(tag);
    else {
      if (found !== kind) form = new JoinedBytes();
      kind = found;
      form.take(reader);
    }
  }
  return { names, ...FORMS[kind](form.whole, `${path}/${kind}`, budgets) };
}

type Form<K extends ArrayData["kind"]> = Omit<Extract<ArrayData, { kind: K }>, "names">;

const FORMS = {
  tensor: decodeTensor,
  ndarray: (bytes: Buffer, path: string, { values }: DecodeBudgets): Form<"ndarray"> => ({
    kind: "ndarray",
    values: decodeList(bytes, path, values),
  }),
  tftensor: (bytes: Buffer, path: string, { repeated }: DecodeBudgets): Form<"tftensor"> => {
    const tensor = atPlace(path, () => decodeTensorProto(bytes, repeated));
    assertArray(tensor.shape, `${path}/tensorShape`);
    return { kind: "tftensor", tensor };
  },
};

const FORM_OF: ReadonlyMap<number, keyof typeof FORMS> = new Map(
  (["tensor", "ndarray", "tftensor"] as const).map((form) => [delimitedTag(DATA[form]), form]),
);

/** Values are taken into memory once; how many there can be is known from the bytes, not from the shape. */
function decodeTensor(bytes: Buffer, path: string): Form<"tensor"> {
  const sizes: number[] = [];
  const room = new Float64Array(Math.floor(bytes.length / 8));
  const { take, takeAll } = LIST_ROWS.float64;
  let count = 0;
  const reader = new ProtoReader(bytes);
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    switch (tag) {
      case varintTag(TENSOR.shape):
        readSize(reader, sizes, path);
        break;
      case delimitedTag(TENSOR.shape): {
        const packed = reader.message();
        while (packed.at < packed.end) readSize(packed, sizes, path);
        break;
      }
      case fixed64Tag(TENSOR.values):
        take(reader, room, count);
        count += 1;
        break;
      case delimitedTag(TENSOR.values):
        count += takeAll?.(reader.message(), room, count) ?? 0;
        break;
      default:
        reader.skip(tag);
    }
  }
  // Without a shape the values are a list.
  const shape = sizes.length === 0 ? [count] : sizes;
  assertFills(shape, count, path);
  return { kind: "tensor", shape, values: room.subarray(0, count) };
}

function readSize(reader: ProtoReader, sizes: number[], path: string): void {
  const size = reader.signedVarint() | 0;
  if (size < 0)
    throw invalidInput([
      { path: `${path}/shape/${sizes.length}`, message: `expected a whole number ≥ 0, got ${size}` },
    ]);
  if (sizes.length < MAX_ARRAY_RANK + 1) sizes.push(size);
}
