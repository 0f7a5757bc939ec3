/** Size of a tar's blocks, in bytes. */
export const BLOCK = 512;
/** What stands at the end of a tar. */
export const END: Uint8Array = new Uint8Array(2 * BLOCK);

/**
 * The only header that an export has for a file of this name and size: owner, time and mode are fixed, so that the same bento gives the same bytes and any other
 * byte tells of a change.
 *
 * Source: POSIX.1-2017, pax, "ustar Interchange Format"; sizes of 8 GiB and more as GNU tar writes them.
 */
export function archiveHeader({ name, size }: { readonly name: string; readonly size: number }): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  writeSize(header, size);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write("0", 156);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** Zeros that follow a file, up to a whole block. */
export function paddingBytes(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** The size in a header; NaN for none. */
export function sizeInHeader(header: Buffer): number {
  return header[SIZE_AT] === 0x80
    ? Number(header.readBigUInt64BE(SIZE_AT + 4))
    : Number.parseInt(header.toString("latin1", SIZE_AT, SIZE_AT + 11), 8);
}

export function nameInHeader(header: Buffer): string {
  return header.toString("latin1", 0, 100).replace(/\0.*$/, "");
}

const SIZE_AT = 124;
const MAX_OCTAL = 0o77777777777;

function writeSize(header: Buffer, size: number): void {
  if (size <= MAX_OCTAL) {
    header.write(`${size.toString(8).padStart(11, "0")}\0`, SIZE_AT);
    return;
  }
  header[SIZE_AT] = 0x80;
  header.writeBigUInt64BE(BigInt(size), SIZE_AT + 4);
}
