import { delimitedTag, type ProtoReader, varintTag } from "../wire/proto-reader.ts";
import type { ProtoWriter } from "../wire/proto-writer.ts";

const FIELD = { dim: 2, unknownRank: 3 } as const;
const DIM_SIZE = 1;

/** What a `tensorflow.TensorShapeProto` says; one that comes in several pieces is all of them, since lists are joined. */
export interface ShapePieces {
  readonly sizes: number[];
  isRankUnknown: boolean;
}

/** Reads one piece of a shape into what is known of it. */
export function readShape(reader: ProtoReader, pieces: ShapePieces): void {
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === delimitedTag(FIELD.dim)) pieces.sizes.push(readSize(reader.message()));
    else if (tag === varintTag(FIELD.unknownRank)) pieces.isRankUnknown = reader.varint() !== 0;
    else reader.skip(tag);
  }
}

function readSize(reader: ProtoReader): number {
  let size = 0;
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    if (tag === varintTag(DIM_SIZE)) size = reader.signedVarint();
    else reader.skip(tag);
  }
  return size;
}

/** Writes a shape as field `field`; -1 stands for any size, in metadata. */
export function writeShape(writer: ProtoWriter, field: number, sizes: readonly number[]): void {
  writer.message(field, () => {
    for (const size of sizes.toReversed())
      writer.message(FIELD.dim, () => {
        if (size !== 0) writer.varint(DIM_SIZE, size);
      });
  });
}
