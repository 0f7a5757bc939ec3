import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { MadeImage } from "@bento-ts/packager";
import { bentoTs } from "../support/cli.ts";
import { root } from "../support/server-process.ts";
import type { BenchRow } from "./rows.ts";

/** Size of the image of examples/boston, base included, as it travels. */
export async function imageRow(): Promise<BenchRow[]> {
  const name = "image of examples/boston, compressed, with base";
  const labels = { bare: undefined, unit: "MB", ratio: undefined, target: "≤ 100 MB" };
  const base = findBase();
  if (base === undefined)
    return [{ name: `${name}: not measured, scripts/base-image.sh makes the base`, ours: Number.NaN, ...labels }];
  const home = mkdtempSync(join(tmpdir(), "bento-ts-bench-"));
  try {
    const flags = ["--builder", "oci", "--base-image", base, "-o", join(home, "boston.tar"), "--json"];
    const built = await bentoTs(["build", `${root}examples/boston`, ...flags], { BENTO_HOME: home });
    if (built.exitCode !== 0) throw new Error(built.stderr);
    const { image } = JSON.parse(built.stdout) as { readonly image: MadeImage };
    return [{ name, ours: (image.bytes.compressed ?? Number.NaN) / 1e6, ...labels }];
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** The small base that scripts/base-image.sh has made for this machine. */
function findBase(): string | undefined {
  const folder = join(process.env["BENTO_CACHE"] ?? join(homedir(), ".cache/bento-ts"), "base");
  const prefix = `bookworm-small-${process.arch === "x64" ? "amd64" : process.arch}-`;
  try {
    const file = readdirSync(folder).find((one) => one.startsWith(prefix) && one.endsWith(".tar"));
    return file === undefined ? undefined : join(folder, file);
  } catch {
    return undefined;
  }
}
