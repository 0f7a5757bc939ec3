import { access, constants } from "node:fs/promises";
import { relative } from "node:path";
import { loadConfig, parseDuration } from "@bento-ts/runtime/config";
import type { TuneFile } from "@bento-ts/runtime/models-store";
import { interruptible } from "../build/interruptible.ts";
import type { CommandRow } from "../command.ts";
import { failed, wrongUsage } from "../command-error.ts";
import { report } from "../output.ts";
import { refuse } from "../serve/refuse.ts";
import { describeService } from "../target/describe-service.ts";
import { sendConsoleToStderr } from "../target/send-console-to-stderr.ts";
import { findTunable, type Tunable } from "../tune/find-tunable.ts";
import { parseShapes } from "../tune/parse-shapes.ts";
import { tuneLines } from "../tune/tune-lines.ts";
import { createTuneProgress } from "../tune/tune-progress.ts";

interface Flags {
  readonly maxBatch: string;
  readonly budget: string;
  readonly shape?: readonly string[];
  readonly config?: string;
  readonly output?: string;
  readonly json?: boolean;
}

/** `bento-ts tune`: measures which batches, threads and place suit the models, and writes it down for the server. */
export const tune: CommandRow = {
  name: "tune",
  summary: "measure batch size, threads and place of the models on this machine, and write bento.tune.json",
  examples: [
    ["bento-ts tune", "the models of the project in this folder"],
    ["bento-ts tune model.onnx --budget 20s", "a model without code; the file is written beside it"],
    ["bento-ts tune ocr.onnx --shape x=1,3,48,320", "with inputs as large as the usual ones"],
    ["bento-ts tune --json | jq '.models[].choice'", "what was chosen, for scripts"],
  ],
  define(command) {
    command
      .argument(
        "[TARGET]",
        "what would be served; else the tag of a stored model; the project in this folder when it is left out",
      )
      .option("--max-batch <items>", "largest batch that is tried", "128")
      .option("--budget <duration>", "time for all of it", "60s")
      .option(
        "--shape <name=sizes...>",
        "shape of an input, as of a usual call: x=1,3,48,192; the axis of batches is varied",
      )
      .option("--config <file>", "configuration of the platform (YAML), above the project's bento.yaml")
      .option("-o, --output <dir>", "folder to write bento.tune.json into, in place of the project's")
      .option("--json", "print what was measured as JSON")
      .action(run);
  },
};

async function run(given: string | undefined, flags: Flags): Promise<void> {
  sendConsoleToStderr();
  const maxBatch = parseMaxBatch(flags.maxBatch);
  const budgetMs = parseDuration(flags.budget);
  if (budgetMs === undefined || budgetMs < 1 || budgetMs > MAX_BUDGET_MS)
    throw wrongUsage(`--budget: expected a duration such as 30s, 1h at most, got ${JSON.stringify(flags.budget)}`);
  const shapes = parseShapes(flags.shape ?? []);
  const tunable = await findTunable(given, flags.config);
  const dir = flags.output ?? outputDirOf(tunable);
  await assertWritable(dir);
  const measured = await interruptible(
    (signal) => measure(tunable, { configFile: flags.config, maxBatch, budgetMs, shapes, signal }),
    "interrupted: bento.tune.json is as it was",
  );
  const { writeTuneFile } = await import("@bento-ts/runtime/models-store");
  const path = await writeTuneFile(dir, measured);
  report(measured, {
    json: flags.json ?? false,
    human: (file, paint) => [
      ...tuneLines(file, paint),
      "",
      `wrote ${relative(process.cwd(), path)}, which the server goes by from its next start`,
    ],
  });
}

const MAX_BUDGET_MS = 3_600_000;

/** Larger ones are no batches of calls any more. */
const MAX_BATCH = 4096;

function parseMaxBatch(text: string): number {
  const size = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (size >= 1 && size <= MAX_BATCH) return size;
  throw wrongUsage(`--max-batch: expected a whole number from 1 to ${MAX_BATCH}, got ${JSON.stringify(text)}`);
}

function outputDirOf({ target }: Tunable): string {
  if (target.kind === "bento")
    throw wrongUsage("a bento is as it was built: tune its project, or name a folder with --output");
  return target.projectDir;
}

/** Before the time for measuring is spent. */
async function assertWritable(dir: string): Promise<void> {
  try {
    await access(dir, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    throw failed(`bento.tune.json can't be written into ${dir} (${code}): name a folder that can be, with --output`);
  }
}

interface Order {
  readonly configFile: string | undefined;
  readonly maxBatch: number;
  readonly budgetMs: number;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly signal: AbortSignal;
}

async function measure({ target, tag }: Tunable, { configFile, ...order }: Order): Promise<TuneFile> {
  const described = await describeService(target);
  const { definition, projectDir, server } = described;
  const { config } = await refuse(() =>
    loadConfig({ env: process.env, configFile, projectDir, serviceConfig: definition.config }),
  );
  const progress = createTuneProgress(order.budgetMs);
  try {
    const file = await server.tuneService({ ...described, ...order, config, onModel: progress.onModel });
    if (file.models.length === 0) throw failed(`${definition.name} has no models to measure`);
    return tag === undefined ? file : { ...file, models: file.models.map((model) => ({ ...model, model: tag })) };
  } finally {
    progress.stop();
  }
}
