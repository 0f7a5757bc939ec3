import { join } from "node:path";
import { packagerVersion } from "../bento-source.ts";
import { writeInto } from "../files/write-tree.ts";
import { TENSORFLOW_FOLDER } from "../stage-tensorflow.ts";
import type { Bill, BillService } from "./bill.ts";
import { cycloneDx } from "./cyclonedx.ts";
import { type Contents, listContents, NODE_ID } from "./list-contents.ts";
import { spdx } from "./spdx.ts";

/** Formats of bills of materials, each with its file in a bento. */
export const SBOM_FILES = { spdx: "sbom.spdx.json", cyclonedx: "sbom.cdx.json" } as const;
export type SbomFormat = keyof typeof SBOM_FILES;

const WRITERS = { spdx, cyclonedx: cycloneDx } as const satisfies Record<SbomFormat, (bill: Bill) => object>;

/** Writes the bills of materials of a staged bento into it. */
export async function writeSboms(
  service: Pick<BillService, "name" | "version" | "description">,
  contents: Contents,
): Promise<void> {
  const items = await listContents(contents);
  const direct = contents.packages.filter(({ askedBy }) => askedBy.length === 0).map(({ place }) => place);
  const models = items.filter(({ kind }) => kind === "model").map(({ id }) => id);
  const tensorFlow = contents.tensorFlow === undefined ? [] : [TENSORFLOW_FOLDER];
  const needs = [...direct, NODE_ID, ...tensorFlow, ...models].sort();
  const bill: Bill = { service: { ...service, toolVersion: packagerVersion(), needs }, items };
  for (const [format, file] of Object.entries(SBOM_FILES) as readonly (readonly [SbomFormat, string])[]) {
    await writeInto(join(contents.stage, file), `${JSON.stringify(WRITERS[format](bill), undefined, 2)}\n`);
  }
}
