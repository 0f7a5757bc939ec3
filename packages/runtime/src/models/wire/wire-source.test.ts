import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileSource } from "./wire-source.ts";

const size = 70_000;
const content = Uint8Array.from({ length: size }, (_, index) => (index * 7 + (index >> 8)) % 256);
let folder = "";
let path = "";
let fd = -1;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "wire-source-"));
  path = join(folder, "bytes.bin");
  writeFileSync(path, content);
  fd = openSync(path, "r");
});
afterAll(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true, force: true });
});

describe("fileSource", () => {
  it("gives the same bytes as the file, forwards and backwards and across its windows", () => {
    const access = fc.record({ offset: fc.nat(size - 1), length: fc.nat(40_000) });
    fc.assert(
      fc.property(fc.array(access, { minLength: 1, maxLength: 20 }), (accesses) => {
        const source = fileSource(fd, size, "ONNX model");
        for (const { offset, length } of accesses) {
          expect(source.byteAt(offset)).toBe(content[offset]);
          const fitting = Math.min(length, size - offset);
          expect(Buffer.compare(source.bytesAt(offset, fitting), content.subarray(offset, offset + fitting))).toBe(0);
        }
      }),
    );
  });

  it("says where a file ended that shrank while it was read", () => {
    const shrinking = join(folder, "shrinking.bin");
    writeFileSync(shrinking, content);
    const handle = openSync(shrinking, "r");
    try {
      const source = fileSource(handle, size, "ONNX model");
      truncateSync(shrinking, 20_000);
      const refusal = (byte: number): object =>
        expect.objectContaining({
          code: "FAILED_PRECONDITION",
          message: expect.stringContaining(`at byte ${byte}: the file ends here`),
        });
      expect(() => source.byteAt(30_000)).toThrow(refusal(30_000));
      expect(() => source.bytesAt(19_990, 30)).toThrow(refusal(20_000));
    } finally {
      closeSync(handle);
    }
  });
});
