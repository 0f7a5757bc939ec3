import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tempTree } from "../temp-tree.fixture.ts";
import { elfFile } from "./elf.fixture.ts";
import { readElf } from "./elf.ts";
import { isNativeName, nativeFileMachine, runsOn } from "./native-file.ts";

const modules = join(import.meta.dirname, "../../../../node_modules");

describe("nativeFileMachine", () => {
  it.each([
    ["linux/x64/libonnxruntime.so.1", { os: "linux", cpu: "x64", libc: "glibc" }],
    ["linux/x64/onnxruntime_binding.node", { os: "linux", cpu: "x64", libc: "glibc" }],
    ["linux/arm64/libonnxruntime.so.1", { os: "linux", cpu: "arm64", libc: "glibc" }],
    ["darwin/arm64/onnxruntime_binding.node", { os: "darwin" }],
    ["win32/x64/onnxruntime_binding.node", { os: "win32" }],
    ["win32/arm64/onnxruntime.dll", { os: "win32" }],
  ])("reads from the real file %s what it is made for", async (path, machine) => {
    expect(await nativeFileMachine(join(modules, "onnxruntime-node/bin/napi-v6", path))).toEqual(machine);
  });

  it.each([
    [
      { cpu: "x64", libc: "musl" },
      { os: "linux", cpu: "x64", libc: "musl" },
    ],
    [
      { cpu: "arm64", libc: undefined },
      { os: "linux", cpu: "arm64" },
    ],
    [
      { cpu: "riscv64", libc: "glibc" },
      { os: "linux", cpu: "unknown" },
    ],
  ] as const)("tells of a library made for %j %j", async (made, machine) => {
    const dir = tempTree({ "a.so": elfFile(made) });
    expect(await nativeFileMachine(join(dir, "a.so"))).toEqual(machine);
  });

  it("tells nothing of a file that is no native one, or is empty", async () => {
    const dir = tempTree({ "a.node": "#!/bin/sh", "b.node": "" });
    expect(await nativeFileMachine(join(dir, "a.node"))).toBeUndefined();
    expect(await nativeFileMachine(join(dir, "b.node"))).toBeUndefined();
  });

  it("reads any bytes behind the first ones without failing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 0, maxLength: 400 }), async (noise) => {
        const file = elfFile({ cpu: "x64", libc: "glibc" });
        file.set(noise.subarray(0, file.length - 20), 20);
        const bytesAt = async (offset: number, length: number): Promise<Buffer> =>
          file.subarray(offset, offset + length);
        expect((await readElf(file.subarray(0, 64), bytesAt)).os).toBe("linux");
      }),
    );
  });
});

describe("runsOn", () => {
  const machine = { os: "linux", cpu: "x64", libc: "glibc" } as const;
  it.each([
    [{ os: "linux", cpu: "x64" }, true],
    [{ os: "linux", cpu: "x64", libc: "glibc" }, true],
    [{ os: "linux", cpu: "x64", libc: "musl" }, false],
    [{ os: "linux", cpu: "arm64" }, false],
    [{ os: "darwin" }, false],
  ] as const)("of %j is %s", (made, isFit) => expect(runsOn(made, machine)).toBe(isFit));
});

describe("isNativeName", () => {
  it.each([
    ["a.node", true],
    ["lib/libvips-cpp.so.8.18.7", true],
    ["a.so", true],
    ["a.dylib", true],
    ["a.so.js", false],
    ["anode", false],
  ])("of %s is %s", (name, isNative) => expect(isNativeName(name)).toBe(isNative));
});
