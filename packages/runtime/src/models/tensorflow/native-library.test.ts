import { createHash } from "node:crypto";
import { mkdir, rm, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { createTempDir } from "../temp-dir.fixture.ts";
import {
  findNativeTensorFlow,
  nativeTensorFlowDir,
  requireNativeTensorFlow,
  verifyNativeTensorFlow,
} from "./native-library.ts";
import { NATIVE_MANIFEST_NAME } from "./native-manifest.ts";

const FILES = {
  "package.json": "{}",
  "lib/napi-v8/tfjs_binding.node": "addon",
  "deps/lib/libtensorflow_cc.so.2": "library",
  "node_modules/koffi/package.json": "{}",
};

describe("findNativeTensorFlow", () => {
  it("finds nothing where nothing was prepared", async () => {
    expect(findNativeTensorFlow({ BENTO_HOME: await createTempDir() })).toBeUndefined();
  });

  it("finds nothing before the manifest is there, which is written last", async () => {
    const env = await prepared();
    await rm(join(nativeTensorFlowDir(env), NATIVE_MANIFEST_NAME));
    expect(findNativeTensorFlow(env)).toBeUndefined();
  });

  it("tells where addon and library are, and the library's version", async () => {
    const env = await prepared();
    const addonDir = join(env.BENTO_HOME, "tensorflow", `4.22.0-2.15.1-${process.platform}-${process.arch}`);
    expect(findNativeTensorFlow(env)).toEqual({ addonDir, libraryDir: join(addonDir, "deps/lib"), version: "2.15.1" });
  });

  it("refuses a file that is cut, with the command that mends it", async () => {
    const env = await prepared();
    await truncate(join(nativeTensorFlowDir(env), "deps/lib/libtensorflow_cc.so.2"), 3);
    expect(() => findNativeTensorFlow(env)).toThrow(
      expect.objectContaining({
        code: "FAILED_PRECONDITION",
        message: expect.stringMatching(
          /damaged \(deps\/lib\/libtensorflow_cc\.so\.2: expected 7 bytes, got 3\): run "bento-ts tensorflow install"/,
        ),
      }),
    );
  });

  it("refuses a file that is missing", async () => {
    const env = await prepared();
    await rm(join(nativeTensorFlowDir(env), "package.json"));
    expect(() => findNativeTensorFlow(env)).toThrow("package.json: expected 2 bytes, got no file");
  });

  it("refuses what was prepared before koffi belonged to it, with the command that prepares it again", async () => {
    const env = await prepared();
    const { "node_modules/koffi/package.json": _koffi, ...older } = FILES;
    await writeFile(join(nativeTensorFlowDir(env), NATIVE_MANIFEST_NAME), manifestOf(older));
    expect(() => findNativeTensorFlow(env)).toThrow(
      /damaged \(node_modules\/koffi\/package\.json is not in it, .*\): run "bento-ts tensorflow install", which prepares it again/,
    );
  });

  it.each([
    ["no JSON", "{"],
    ["another format", '{"formatVersion":2}'],
    ["a path that leaves the folder", manifestOf({ "../outside": "x" })],
  ])("refuses a manifest that is %s", async (_, text) => {
    const env = await prepared();
    await writeFile(join(nativeTensorFlowDir(env), NATIVE_MANIFEST_NAME), text);
    expect(() => findNativeTensorFlow(env)).toThrow("bento-tensorflow.json is none");
  });
});

describe("requireNativeTensorFlow", () => {
  it("gives what is prepared", async () => {
    const env = await prepared();
    expect(requireNativeTensorFlow(env, 'the SavedModel "pitch"')).toEqual(findNativeTensorFlow(env));
  });

  it("says which model needs it and how to bring it", async () => {
    const env = { BENTO_HOME: await createTempDir() };
    expect(() => requireNativeTensorFlow(env, 'the SavedModel "pitch"')).toThrow(
      expect.objectContaining({
        code: "FAILED_PRECONDITION",
        message: `the SavedModel "pitch" needs the native TensorFlow, which is not installed in ${nativeTensorFlowDir(env)}: run "bento-ts tensorflow install", once for all projects of a user`,
      }),
    );
  });
});

describe("verifyNativeTensorFlow", () => {
  it("passes what is as it was prepared", async () => {
    const native = findNativeTensorFlow(await prepared());
    await expect(verifyNativeTensorFlow(native!)).resolves.toBeUndefined();
  });

  it("refuses other content of the same size", async () => {
    const env = await prepared();
    await writeFile(join(nativeTensorFlowDir(env), "deps/lib/libtensorflow_cc.so.2"), "LIBRARY");
    const native = findNativeTensorFlow(env);
    await expect(verifyNativeTensorFlow(native!)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("deps/lib/libtensorflow_cc.so.2: its SHA-256 is not the one"),
    });
  });
});

async function prepared(): Promise<{ BENTO_HOME: string }> {
  const env = { BENTO_HOME: await createTempDir() };
  const dir = nativeTensorFlowDir(env);
  for (const [path, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  await writeFile(join(dir, NATIVE_MANIFEST_NAME), manifestOf(FILES));
  return env;
}

function manifestOf(files: Readonly<Record<string, string>>): string {
  return JSON.stringify({
    formatVersion: 1,
    tfjsNode: "4.22.0",
    libtensorflow: "2.15.1",
    platform: `${process.platform}-${process.arch}`,
    origin: "a test",
    files: Object.entries(files).map(([path, text]) => ({
      path,
      size: text.length,
      sha256: createHash("sha256").update(text).digest("hex"),
    })),
  });
}
