import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { BentoModel } from "@bento-ts/runtime/definition";
import type { BentoSizes } from "./bento-report.ts";
import type { CopiedPackage } from "./dependencies/copy-packages.ts";

/** Sizes of a staged bento's parts. */
export async function bentoSizes(
  stage: string,
  { packages, models }: { readonly packages: readonly CopiedPackage[]; readonly models: readonly BentoModel[] },
): Promise<BentoSizes> {
  const files = new Map(models.flatMap((model) => model.files).map(({ path, size }) => [path, size]));
  const modelsIn = (folder: string): number =>
    [...files].reduce((sum, [path, size]) => (path.startsWith(folder) ? sum + size : sum), 0);
  const installed = packages.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    node: await bytesIn(join(stage, "node")),
    dependencies: installed - modelsIn("node_modules/"),
    models: modelsIn(""),
    service: (await bytesIn(join(stage, "service"))) - modelsIn("service/"),
    total: await bytesIn(stage),
  };
}

async function bytesIn(dir: string): Promise<number> {
  if (!existsSync(dir)) return 0;
  const entries = await readdir(dir, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
