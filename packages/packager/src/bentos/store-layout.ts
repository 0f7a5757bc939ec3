import { join, resolve } from "node:path";
import type { ListedFile } from "../files/file-list.ts";
import { homeFolder } from "../files/home-folder.ts";

/** Where things stand in a bento store. */
export interface BentoLayout {
  readonly dir: string;
  /** One manifest for each tag and platform: `tags/<name>/<version>@linux-amd64.json`. */
  readonly tags: string;
  /** One folder for each content, as it is served: `trees/<digest>/…`. Its files are hard links to blobs. */
  readonly trees: string;
  /** Each file's bytes once, `blobs/<sha256>`; those of programs `blobs/<sha256>.x`, since links of a file share its mode. */
  readonly blobs: string;
  /** Trees that a process uses: `uses/<digest>.<host>-<process id>`. */
  readonly uses: string;
  /** What is being made, `tmp/<host>-<process id>-<random>`; moved into place when it is whole. */
  readonly tmp: string;
}

export function bentoLayout(dir: string): BentoLayout {
  const root = resolve(dir);

  const [tags, trees, blobs, uses, tmp] = [
    join(root, "tags"),
    join(root, "trees"),
    join(root, "blobs"),
    join(root, "uses"),
    join(root, "tmp"),
  ] as const;
  return { dir: root, tags, trees, blobs, uses, tmp };
}

/** `digest` is "sha256:…". */
export function treePath(layout: BentoLayout, digest: string): string {
  return join(layout.trees, hexOf(digest));
}

export function blobPath(layout: BentoLayout, { sha256, isProgram }: ListedFile): string {
  return join(layout.blobs, isProgram ? `${sha256}.x` : sha256);
}

/** What a manifest is found by. */
export interface TagName {
  readonly name: string;
  readonly version: string;
  /** `linux/amd64`. */
  readonly platform: string;
}

export function tagPath(layout: BentoLayout, { name, version, platform }: TagName): string {
  return join(layout.tags, name, `${version}@${platform.replaceAll("/", "-")}.json`);
}

/** The version of which such a file is, undefined of another file. A tag has no "@". */
export function versionOfTagFile(file: string): string | undefined {
  return /^([^@]+)@[a-z0-9-]+\.json$/.exec(file)?.[1];
}

/** The digits of a digest "sha256:…". */
export function hexOf(digest: string): string {
  return digest.slice("sha256:".length);
}

/** The folder of the bento store: `$BENTO_HOME/bentos`, `~/.bento-ts/bentos` unless that is set. */
export function bentoStoreDir(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return homeFolder("bentos", env);
}
