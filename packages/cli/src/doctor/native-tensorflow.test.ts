import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NATIVE_MANIFEST_NAME, nativeTensorFlowDir, writeNativeManifest } from "@bento-ts/runtime/tensorflow";
import { expect, it, onTestFinished } from "vitest";
import { nativeTensorFlowState } from "./native-tensorflow.ts";

it("tells what is missing with the command that brings it", async () => {
  expect(await nativeTensorFlowState(await home())).toMatchObject({
    state: "missing",
    version: null,
    message: expect.stringContaining('before "bento-ts tensorflow install"'),
  });
});

it("tells version and place of what is ready", async () => {
  const env = await home();
  const dir = await prepare(env);
  expect(await nativeTensorFlowState(env)).toEqual({
    state: "ready",
    dir,
    version: "2.15.1",
    message: `libtensorflow 2.15.1 in ${dir}`,
  });
});

it("reads every file: what is damaged is told by name", async () => {
  const env = await home();
  await writeFile(join(await prepare(env), "package.json"), "[]");
  expect(await nativeTensorFlowState(env)).toMatchObject({
    state: "damaged",
    message: expect.stringContaining("package.json: its SHA-256"),
  });
});

it("tells a manifest that is cut", async () => {
  const env = await home();
  await writeFile(join(await prepare(env), NATIVE_MANIFEST_NAME), "{");
  expect(await nativeTensorFlowState(env)).toMatchObject({ state: "damaged" });
});

async function home(): Promise<{ readonly BENTO_HOME: string }> {
  const dir = await mkdtemp(join(tmpdir(), "bento-doctor-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  return { BENTO_HOME: dir };
}

async function prepare(env: { readonly BENTO_HOME: string }): Promise<string> {
  const dir = nativeTensorFlowDir(env);
  await mkdir(join(dir, "node_modules/koffi"), { recursive: true });
  await writeFile(join(dir, "package.json"), "{}");
  await writeFile(join(dir, "node_modules/koffi/package.json"), "{}");
  await writeNativeManifest(dir, { origin: "a test", signal: new AbortController().signal });
  return dir;
}
