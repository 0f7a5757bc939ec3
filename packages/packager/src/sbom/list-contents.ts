import type { BentoModel } from "@bento-ts/runtime/definition";
import { lockedAt, type Lockfile } from "../dependencies/lockfile.ts";
import type { PlacedPackage } from "../dependencies/walk-closure.ts";
import type { BillItem } from "./bill.ts";
import { bundledItems } from "./bundled-items.ts";
import { integrityHashes } from "../dependencies/integrity.ts";
import { libraryItem } from "./library-item.ts";
import { modelItems } from "./model-items.ts";
import { genericPurl, npmPurl } from "./purl.ts";
import type { StagedTensorFlow } from "../stage-tensorflow.ts";
import { tensorFlowItems } from "./tensorflow-items.ts";

/** What was staged, of which a bill is made. */
export interface Contents {
  /** Folder of the bento. */
  readonly stage: string;
  readonly packages: readonly PlacedPackage[];
  /** Paths of addons and shared libraries in the bento. */
  readonly natives: readonly string[];
  readonly tensorFlow: StagedTensorFlow | undefined;
  readonly node: StagedNode;
  readonly models: readonly BentoModel[];
  readonly lockfile: Lockfile | undefined;
  readonly signal: AbortSignal;
}

/** Node as it lies in a bento. */
export interface StagedNode {
  readonly version: string;
  readonly sha256: string;
}

/** Every package, native library and model of a staged bento, and its Node, sorted by where it lies. */
export async function listContents(contents: Contents): Promise<readonly BillItem[]> {
  const libraries = (await Promise.all(contents.natives.map((path) => libraryItem(path, contents)))).filter(
    (one) => one !== undefined,
  );
  const owned = Map.groupBy(libraries, ({ owner }) => owner);
  const bundled = new Map(
    await Promise.all(contents.packages.map(async (placed) => [placed.place, await bundledItems(placed)] as const)),
  );
  const items = [
    ...contents.packages.map((placed) => {
      const inside = (owned.get(placed.place) ?? []).map(({ item }) => item);
      return toPackage(placed, contents.lockfile, [...inside, ...(bundled.get(placed.place) ?? [])]);
    }),
    ...[...bundled.values()].flat(),
    ...libraries.flatMap(({ item, linked }) => [item, ...linked]),
    toNode(contents.node),
    ...tensorFlowItems(contents.stage, contents.tensorFlow),
    ...distinct(contents.models.flatMap(modelItems)),
  ];
  return items.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The first of each id: a model that the code names twice lies there once. */
function distinct(items: readonly BillItem[]): readonly BillItem[] {
  return [...new Map(items.toReversed().map((item) => [item.id, item])).values()];
}

/** Where Node stands in a bento: its id in the bill. */
export const NODE_ID = "node/bin/node";

function toPackage(
  { place, package: installed, needs }: PlacedPackage,
  lockfile: Lockfile | undefined,
  holds: readonly BillItem[],
): BillItem {
  const { name, version, licence } = installed.json;
  const locked = lockfile === undefined ? undefined : lockedAt(lockfile, installed);
  // Another version than the locked one has other bytes.
  const integrity = locked?.version === version ? locked.integrity : undefined;
  return {
    id: place,
    kind: "package",
    name,
    version,
    licence,
    purl: npmPurl(name, version),
    hashes: integrity === undefined ? [] : integrityHashes(integrity),
    needs: [...needs, ...holds.map(({ id }) => id)].sort(),
  };
}

function toNode({ version, sha256 }: StagedNode): BillItem {
  return {
    id: NODE_ID,
    kind: "node",
    name: "node",
    version,
    // The terms of what it holds of others stand in the file beside it.
    licence: "MIT",
    purl: genericPurl("node", version),
    hashes: [{ algorithm: "sha256", hex: sha256 }],
    needs: [],
  };
}
