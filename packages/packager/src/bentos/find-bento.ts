import { ServingError } from "@bento-ts/runtime/definition";
import { parseTag } from "@bento-ts/runtime/models-store";
import { dockerPlatform, parsePlatform } from "../platform.ts";
import { readTags, readVersions, type TaggedBento } from "./read-tags.ts";
import type { BentoLayout } from "./store-layout.ts";

/** Which of the bentos of a tag is meant. */
export interface BentoChoice {
  /** `linux/amd64`; that of this machine's containers unless given, or another where there is none for them. */
  readonly platform?: string | undefined;
}

/** The bento that a tag means: `name` and `name:latest` mean the version that was stored last. Throws NOT_FOUND, with what there is. */
export async function findBento(layout: BentoLayout, tag: string, choice: BentoChoice = {}): Promise<TaggedBento> {
  const [newest, ...others] = await findBentos(layout, tag, choice);
  const same = others.filter(({ version }) => version === newest.version);
  return [newest, ...same].find(({ platform }) => platform === ownPlatform()) ?? newest;
}

/** All bentos that a tag may mean, the newest first. Throws NOT_FOUND, with what there is. */
export async function findBentos(
  layout: BentoLayout,
  tag: string,
  { platform: given }: BentoChoice,
): Promise<readonly [TaggedBento, ...TaggedBento[]]> {
  const platform = given === undefined ? undefined : dockerPlatform(parsePlatform(given));
  const all = await readVersions(layout, parseTag(tag));
  const [newest, ...others] = all.filter((bento) => platform === undefined || bento.platform === platform);
  if (newest !== undefined) return [newest, ...others];
  throw noSuchBento(
    platform === undefined ? `"${tag}"` : `"${tag}" for ${platform}`,
    layout.dir,
    await readTags(layout),
  );
}

/** As containers on this machine have it; undefined on a machine that images are not made for. */
function ownPlatform(): string | undefined {
  const { arch } = process;
  return arch === "x64" || arch === "arm64" ? dockerPlatform({ os: "linux", cpu: arch }) : undefined;
}

const MAX_SHOWN = 10;

function noSuchBento(wanted: string, dir: string, bentos: readonly TaggedBento[]): ServingError {
  const there = [...Map.groupBy(bentos, ({ name, version }) => `${name}:${version}`)].map(
    ([tag, same]) => `${tag} (${same.map(({ platform }) => platform).join(", ")})`,
  );
  const shown = there.slice(0, MAX_SHOWN).join(", ");
  const more = there.length > MAX_SHOWN ? `, … ${there.length - MAX_SHOWN} more` : "";
  const holds = there.length === 0 ? "nothing yet" : `${shown}${more}`;
  return new ServingError("NOT_FOUND", `there is no bento ${wanted} in the store ${dir}: it holds ${holds}`);
}
