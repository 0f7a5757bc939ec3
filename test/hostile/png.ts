import { crc32, deflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** One chunk of a PNG: length, type, data, CRC-32 of type and data. Source: PNG specification, 5.3. */
export function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(data.length);
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(crc32(body));
  return Buffer.concat([head, body, tail]);
}

/** Header data of a PNG with 8 bits a channel; colour type 2 is RGB. */
export function pngHeader(width: number, height: number, { depth = 8, colour = 2 } = {}): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([depth, colour, 0, 0, 0], 8);
  return data;
}

/** A PNG of chunks. */
export function png(...chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([SIGNATURE, ...chunks]);
}

/** A whole black RGB picture. */
export function blackPng(width: number, height: number): Buffer {
  return png(
    pngChunk("IHDR", pngHeader(width, height)),
    pngChunk("IDAT", deflateSync(Buffer.alloc((width * 3 + 1) * height))),
    pngChunk("IEND", Buffer.alloc(0)),
  );
}
