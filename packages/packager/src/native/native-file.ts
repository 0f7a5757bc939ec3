import { type FileHandle, open } from "node:fs/promises";
import type { Machine } from "../platform.ts";
import { isElf, readElf } from "./elf.ts";

/** Whether a file's name is that of an addon of Node or of a shared library: `libvips-cpp.so.8.18.7`. */
export function isNativeName(path: string): boolean {
  return /\.(node|dylib|dll|so(\.\d+)*)$/.test(path);
}

/** What an addon or a shared library is made for, as far as its header tells; undefined for a file that is none. */
export async function nativeFileMachine(path: string): Promise<Partial<Machine> | undefined> {
  const file = await open(path);
  try {
    const header = await bytesAt(file, 0, HEADER_BYTES);
    if (isElf(header)) return await readElf(header, async (offset, length) => bytesAt(file, offset, length));
    return SIGNATURES.find(({ starts }) => header.subarray(0, starts.length).equals(starts))?.machine;
  } finally {
    await file.close();
  }
}

/** Whether it can be loaded there; what a header doesn't tell is not held against it. */
export function runsOn(made: Partial<Machine>, machine: Machine): boolean {
  const { os = machine.os, cpu = machine.cpu, libc = machine.libc } = made;
  return os === machine.os && cpu === machine.cpu && libc === machine.libc;
}

/** The header of an ELF file of 64 bits. */
const HEADER_BYTES = 64;

/**
 * How native files of other systems begin: those are told apart from Linux's and no further.
 *
 * Source: Microsoft, "PE Format" (MS-DOS stub); Apple, mach-o/loader.h and mach-o/fat.h.
 */
const SIGNATURES: readonly { readonly starts: Buffer; readonly machine: Partial<Machine> }[] = [
  { starts: Buffer.from("MZ"), machine: { os: "win32" } },
  { starts: Buffer.from("cffaedfe", "hex"), machine: { os: "darwin" } },
  { starts: Buffer.from("cafebabe", "hex"), machine: { os: "darwin" } },
];

async function bytesAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}
