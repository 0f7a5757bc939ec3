import { mkdir, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import {
  findNativeTensorFlow,
  type NativeTensorFlow,
  nativeTensorFlowDir,
  verifyNativeTensorFlow,
  writeNativeManifest,
} from "@bento-ts/runtime/tensorflow";
import { failed } from "../command-error.ts";
import { sizeText } from "../output.ts";
import type { Artifacts, WheelArtifact } from "./artifacts.ts";
import { buildAddon, findCompiler, LIBRARIES, stripLibraries } from "./build-addon.ts";
import { download, type OnBytes } from "./download.ts";
import { findWheel } from "./find-wheel.ts";
import { createClient, shown } from "./http-get.ts";
import { withInstallLock } from "./install-lock.ts";
import { fetchNpmPackages } from "./npm-packages.ts";
import { readPipSettings } from "./pip-settings.ts";
import { tryAddon } from "./try-addon.ts";
import { unzipFiles } from "./unzip-files.ts";

/** What is done at the moment, for whoever watches. */
export interface InstallWatcher {
  onStep(step: string): void;
  readonly onBytes: OnBytes;
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface InstallOrder {
  readonly artifacts: Artifacts;
  /** Where to (`BENTO_HOME`), and the settings of pip, npm, proxies and the compiler. */
  readonly env: Environment;
  readonly watcher: InstallWatcher;
  readonly signal: AbortSignal;
}

/** A native TensorFlow that is ready, and whether it was before. */
export interface InstalledTensorFlow extends NativeTensorFlow {
  readonly wasThere: boolean;
}

/**
 * Prepares the native TensorFlow of this machine, unless it is there and whole.
 *
 * It is made beside its place and moved there at once, so that it is whole or not there; of a run that was cut off, the download stays for the next one.
 * Throws CommandError, one sentence with the next step, when something is missing or is not what was expected.
 */
export async function installTensorFlow(order: InstallOrder): Promise<InstalledTensorFlow> {
  const { env, watcher, signal } = order;
  const wheel = order.artifacts.wheels[`${process.platform}-${process.arch}`];
  if (wheel === undefined)
    throw failed(
      `there is no native TensorFlow for ${process.platform}-${process.arch}: it exists for linux on x64 and arm64; use it in a container, or a TF.js model, which runs without it`,
    );
  const dir = nativeTensorFlowDir(env);
  const onWait = (): void => watcher.onStep("waiting for another install");
  return withInstallLock(dir, { onWait, signal }, async () => {
    const there = await wholeOne(env, signal);
    if (there !== undefined) return { ...there, wasThere: true };
    await prepare(dir, { ...order, wheel }).catch((cause: unknown) => {
      throw isFullDisk(cause) ? noSpace(dirname(dir), order.artifacts.neededBytes, undefined, cause) : cause;
    });
    const made = findNativeTensorFlow(env);
    if (made === undefined) throw new Error(`${dir} was prepared and is not found`);
    return { ...made, wasThere: false };
  });
}

/** What is prepared already, read through; undefined when there is nothing, or something damaged. */
async function wholeOne(env: Environment, signal: AbortSignal): Promise<NativeTensorFlow | undefined> {
  try {
    const found = findNativeTensorFlow(env);
    if (found !== undefined) await verifyNativeTensorFlow(found, signal);
    return found;
  } catch {
    signal.throwIfAborted();
    // Damaged: it is made anew.
    return undefined;
  }
}

type Preparation = InstallOrder & { readonly wheel: WheelArtifact };

async function prepare(dir: string, { artifacts, env, watcher, signal, wheel }: Preparation): Promise<void> {
  const compiler = await findCompiler(env, signal);
  const root = dirname(dir);
  await mkdir(root, { recursive: true });
  const tmp = join(root, "tmp", `${hostname()}-${process.pid}`);
  await removeAbandoned(dirname(tmp));
  await assertSpace(root, artifacts.neededBytes);
  const [staged, build] = [join(tmp, "staged"), join(tmp, "build")];
  try {
    watcher.onStep("fetching the packages of the addon");
    const nodeApi = join(build, "node-api-headers");
    const native = artifacts.koffi[`${process.platform}-${process.arch}`];
    const required = [...artifacts.required, ...(native === undefined ? [] : [native])].map((artifact) => ({
      artifact,
      dir: join(staged, "node_modules", artifact.name),
    }));
    const packages = [
      { artifact: artifacts.addon, dir: staged },
      ...required,
      { artifact: artifacts.nodeApi, dir: nodeApi },
    ];
    await fetchNpmPackages(packages, { tmp: join(build, "tarballs"), env, signal });
    const file = join(root, "downloads", wheel.file);
    const origin = await fetchLibrary(file, { wheel, env, watcher, signal });
    watcher.onStep("unpacking libtensorflow");
    await unpackLibrary(file, { libraryDir: join(staged, "deps/lib"), build, watcher, signal });
    watcher.onStep("stripping libtensorflow");
    await stripLibraries(join(staged, "deps/lib"), signal);
    watcher.onStep("building the addon");
    const includes = [join(build, "include"), join(nodeApi, "include")];
    await buildAddon(staged, { compiler, includes, signal });
    await rm(join(staged, "binding"), { recursive: true });
    watcher.onStep("trying it");
    await tryAddon(staged, signal);
    await writeNativeManifest(staged, { origin, signal });
    await rm(dir, { recursive: true, force: true });
    await rename(staged, dir);
    await rm(file, { force: true });
  } finally {
    await rm(tmp, { recursive: true, force: true });
  }
}

/** Downloads the wheel from where pip would; gives its address. */
async function fetchLibrary(
  file: string,
  { wheel, env, watcher, signal }: Omit<Preparation, "artifacts">,
): Promise<string> {
  watcher.onStep("downloading libtensorflow");
  const settings = await readPipSettings(env);
  const client = await createClient({ ...settings, env });
  const url = await findWheel(client, { wheel, indexes: settings.indexes, signal });
  await download(client, { url, path: file, sha256: wheel.sha256, onBytes: watcher.onBytes, signal });
  return shown(url);
}

interface Unpacking extends Pick<InstallOrder, "watcher" | "signal"> {
  readonly libraryDir: string;
  /** Headers go into its `include`. */
  readonly build: string;
}

/** The C API, which is all that the addon sees, and the header of its strings. */
const HEADER = /^tensorflow\/(include\/(?:(?:tensorflow|tsl)\/c\/|(?:tensorflow\/core|tsl)\/platform\/ctstring).*\.h)$/;

async function unpackLibrary(file: string, { libraryDir, build, watcher, signal }: Unpacking): Promise<void> {
  const libraries: readonly string[] = LIBRARIES.map((name) => `tensorflow/${name}`);
  const placeOf = (name: string): string | undefined => {
    if (libraries.includes(name)) return join(libraryDir, name.slice("tensorflow/".length));
    const [, header] = HEADER.exec(name) ?? [];
    return header === undefined ? undefined : join(build, header);
  };
  const unpacked = await unzipFiles({ file, placeOf, onBytes: watcher.onBytes, signal });
  const missing = libraries.find((name) => !unpacked.includes(name));
  if (missing !== undefined) throw failed(`${file} holds no ${missing}: report it as a fault of bento-ts`);
}

const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** Removes what runs that were killed left behind: this machine's at once, since the lock is ours; another's, which shares the folder, after a day. */
async function removeAbandoned(tmp: string): Promise<void> {
  for (const name of await readdir(tmp).catch(() => [])) {
    const age = Date.now() - ((await stat(join(tmp, name)).catch(() => undefined))?.mtimeMs ?? 0);
    if (name.startsWith(`${hostname()}-`) || age > ABANDONED_MS)
      await rm(join(tmp, name), { recursive: true, force: true });
  }
}

async function assertSpace(root: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(root);
  if (bavail * bsize < neededBytes) throw noSpace(root, neededBytes, bavail * bsize);
}

function noSpace(root: string, neededBytes: number, freeBytes: number | undefined, cause?: unknown): Error {
  const got = freeBytes === undefined ? "the disk is full" : `${sizeText(freeBytes)} are free`;
  return failed(
    `preparing TensorFlow needs ${sizeText(neededBytes)} in ${root}, and ${got}: free some space, or set BENTO_HOME to a folder on another disk`,
    cause,
  );
}

function isFullDisk(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && (cause.code === "ENOSPC" || cause.code === "EDQUOT");
}
