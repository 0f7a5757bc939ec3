import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Where things stand in a model store. */
export interface StoreLayout {
  readonly dir: string;
  /** One manifest for each tag: `manifests/<name>/<version>.json`. */
  readonly manifests: string;
  /** One folder for each content, as engines open it: `trees/sha256/<digest>/…`. The files are hard links to blobs. */
  readonly trees: string;
  /** Each file's bytes once: `blobs/sha256/<sha256>`. */
  readonly blobs: string;
  /** What is being made; moved into place when it is whole. */
  readonly tmp: string;
}

export function storeLayout(dir: string): StoreLayout {
  const root = resolve(dir);
  return {
    dir: root,
    manifests: join(root, "manifests"),
    trees: join(root, "trees", "sha256"),
    blobs: join(root, "blobs", "sha256"),
    tmp: join(root, "tmp"),
  };
}

export function manifestPath(
  layout: StoreLayout,
  { name, version }: { readonly name: string; readonly version: string },
): string {
  return join(layout.manifests, name, `${version}.json`);
}

/** `digest` is "sha256:…". */
export function treePath(layout: StoreLayout, digest: string): string {
  return join(layout.trees, digest.slice("sha256:".length));
}

export function blobPath(layout: StoreLayout, sha256: string): string {
  return join(layout.blobs, sha256);
}

/** The folder of the model store: `$BENTO_HOME/models`, `~/.bento-ts/models` unless that is set. */
export function modelStoreDir(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const home = env["BENTO_HOME"];
  return join(home === undefined || home === "" ? join(homedir(), ".bento-ts") : home, "models");
}
