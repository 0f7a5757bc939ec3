import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BentoModel } from "@bento-ts/runtime/definition";
import type { BentoSizes } from "./bento-report.ts";
import type { CopiedPackage } from "./dependencies/copy-packages.ts";
import type { StagedTensorFlow } from "./stage-tensorflow.ts";

/** Sizes of a staged bento's parts. */
export function bentoSizes(
  stage: string,
  {
    packages,
    models,
    tensorFlow,
  }: {
    readonly packages: readonly CopiedPackage[];
    readonly models: readonly BentoModel[];
    readonly tensorFlow: StagedTensorFlow | undefined;
  },
): BentoSizes {
  const files = new Map(models.flatMap((model) => model.files).map(({ path, size }) => [path, size]));
  const modelsIn = (folder: string): number =>
    [...files].reduce((sum, [path, size]) => (path.startsWith(folder) ? sum + size : sum), 0);
  const installed = packages.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    node: bytesIn(join(stage, "node")),
    dependencies: installed - modelsIn("node_modules/"),
    tensorFlow: tensorFlow?.bytes ?? 0,
    models: modelsIn(""),
    service: bytesIn(join(stage, "service")) - modelsIn("service/"),
    total: bytesIn(stage),
  };
}

function bytesIn(dir: string): number {
  if (!existsSync(dir)) return 0;
  const entries = readdirSync(dir, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
