import type { Machine } from "../platform.ts";

/** Whether a file begins as ELF files do. */
export function isElf(header: Buffer): boolean {
  return header.subarray(0, 4).equals(Buffer.from("\x7fELF", "latin1"));
}

/**
 * What an ELF file is made for: its architecture, and the C library that it asks for, if any.
 *
 * `bytesAt` reads from the file; a file that ends too early, or whose tables lie, tells nothing of its C library. Source: System V ABI, "Object Files" and
 * "Program Loading and Dynamic Linking".
 */
export async function readElf(
  header: Buffer,
  bytesAt: (offset: number, length: number) => Promise<Buffer>,
): Promise<Partial<Machine>> {
  const machine = header.length < HEADER_BYTES ? 0 : header.readUInt16LE(MACHINE);
  const cpu = CPUS[machine] ?? "unknown";
  // The names by which Node goes for them are those of 64 bits, low byte first.
  if (cpu === "unknown" || header[CLASS] !== 2 || header[DATA] !== 1) return { os: "linux", cpu: "unknown" };
  const libc = await neededLibc(header, bytesAt);
  return libc === undefined ? { os: "linux", cpu } : { os: "linux", cpu, libc };
}

const HEADER_BYTES = 64;
const CLASS = 4;
const DATA = 5;
const MACHINE = 18;
const CPUS: Readonly<Record<number, string>> = { 62: "x64", 183: "arm64" };

/** Tables of more than this are no honest addon's. */
const MAX_BYTES = 64 * 1024 * 1024;
const LOAD = 1;
const DYNAMIC = 2;
const NEEDED = 1n;
const STRING_TABLE = 5n;
const STRING_BYTES = 10n;

type ReadBytes = (offset: number, length: number) => Promise<Buffer>;

async function neededLibc(header: Buffer, bytesAt: ReadBytes): Promise<Machine["libc"]> {
  const [at, size, count] = [Number(header.readBigUInt64LE(32)), header.readUInt16LE(54), header.readUInt16LE(56)];
  const table = await whole(bytesAt, at, size * count);
  if (table === undefined || size < 56) return undefined;
  const segments = Array.from({ length: count }, (_, index) => toSegment(table.subarray(index * size)));
  const dynamic = segments.find(({ type }) => type === DYNAMIC);
  const entries = dynamic && (await whole(bytesAt, dynamic.offset, dynamic.bytes));
  if (entries === undefined) return undefined;
  const tags = Array.from({ length: Math.floor(entries.length / 16) }, (_, index) => ({
    tag: entries.readBigInt64LE(index * 16),
    value: Number(entries.readBigUInt64LE(index * 16 + 8)),
  }));
  const valueOf = (wanted: bigint): number => tags.find(({ tag }) => tag === wanted)?.value ?? 0;
  const address = valueOf(STRING_TABLE);
  const load = segments.find((one) => one.type === LOAD && address >= one.address && address < one.address + one.bytes);
  const strings = load && (await whole(bytesAt, load.offset + address - load.address, valueOf(STRING_BYTES)));
  if (strings === undefined) return undefined;
  const names = tags.filter(({ tag }) => tag === NEEDED).map(({ value }) => textAt(strings, value));
  if (names.some((name) => /^(ld-musl-|libc\.musl-)/.test(name))) return "musl";
  return names.some((name) => /^(libc\.so\.6|ld-linux-)/.test(name)) ? "glibc" : undefined;
}

function toSegment(row: Buffer): { type: number; offset: number; address: number; bytes: number } {
  const number = (at: number): number => Number(row.readBigUInt64LE(at));
  return { type: row.readUInt32LE(0), offset: number(8), address: number(16), bytes: number(32) };
}

function textAt(strings: Buffer, start: number): string {
  const end = strings.indexOf(0, start);
  return strings.toString("latin1", start, end < 0 ? strings.length : end);
}

/** Exactly these bytes; undefined where the file doesn't have them. */
async function whole(bytesAt: ReadBytes, offset: number, length: number): Promise<Buffer | undefined> {
  if (length === 0 || length > MAX_BYTES || !Number.isSafeInteger(offset)) return undefined;
  const bytes = await bytesAt(offset, length);
  return bytes.length === length ? bytes : undefined;
}
