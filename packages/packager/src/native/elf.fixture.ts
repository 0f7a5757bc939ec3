import type { Machine } from "../platform.ts";

const CPUS: Readonly<Record<string, number>> = { x64: 62, arm64: 183, riscv64: 243 };
/** Where the file's tables lie. */
const SEGMENTS = 64;
const DYNAMIC = 192;
const STRINGS = 256;
/** Addresses are apart from offsets, as in real files. */
const BASE = 0x1000;

/** A shared library of 64 bits with nothing in it but what it is made for: as in System V ABI, "Object Files". */
export function elfFile({ cpu, libc }: Pick<Machine, "cpu" | "libc">): Buffer {
  const name = { glibc: "libc.so.6", musl: "libc.musl-x86_64.so.1" }[libc ?? "glibc"];
  const strings = Buffer.from(libc === undefined ? "\0" : `\0libm.so\0${name}\0`);
  const file = Buffer.alloc(STRINGS + strings.length);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(3, 16);
  file.writeUInt16LE(CPUS[cpu] ?? 0, 18);
  file.writeBigUInt64LE(BigInt(SEGMENTS), 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(2, 56);
  const segment = (at: number, type: number, offset: number, bytes: number): void => {
    file.writeUInt32LE(type, at);
    file.writeBigUInt64LE(BigInt(offset), at + 8);
    file.writeBigUInt64LE(BigInt(BASE + offset), at + 16);
    file.writeBigUInt64LE(BigInt(bytes), at + 32);
  };
  segment(SEGMENTS, 1, 0, file.length);
  segment(SEGMENTS + 56, 2, DYNAMIC, 4 * 16);
  const tags: readonly (readonly [number, number])[] = [
    [5, BASE + STRINGS],
    [10, strings.length],
    ...(libc === undefined
      ? []
      : ([
          [1, 1],
          [1, 9],
        ] as const)),
  ];
  tags.forEach(([tag, value], index) => {
    file.writeBigInt64LE(BigInt(tag), DYNAMIC + index * 16);
    file.writeBigUInt64LE(BigInt(value), DYNAMIC + index * 16 + 8);
  });
  file.set(strings, STRINGS);
  return file;
}
