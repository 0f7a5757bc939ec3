import type { ModelHost } from "../models/types.ts";
import { resolveSource } from "../models/source.ts";
import type { ModelsEntry, ServedBatch, ServedFile } from "./service-entry.ts";
import type { TunedBatch } from "./tuning.ts";

/** What is known of the models, beside where they are. */
export interface BatchesHost extends Pick<ModelHost, "baseDir" | "storeDir" | "digests"> {
  /** By a model's digest. */
  readonly tunedBatches?: Readonly<Record<string, TunedBatch>> | undefined;
}

/** A call waits for others as long as a batch runs, within these bounds: its latency at most doubles, and a slow model is no reason to wait for long. */
const WAIT_MS = { least: 1, most: 20 } as const;

/** Model files whose calls are joined up to the knee that was measured for them; one that gains nothing from batches stays as it is. */
export async function withTunedBatches(entry: ModelsEntry, host: BatchesHost): Promise<ModelsEntry> {
  const { tunedBatches } = host;
  if (tunedBatches === undefined) return entry;
  const models: Record<string, ServedFile> = {};
  for (const [api, file] of Object.entries(entry.models)) {
    const { digest } = await resolveSource(file.path, host);
    const batch = Object.hasOwn(tunedBatches, digest) ? tunedBatches[digest] : undefined;
    models[api] = batch === undefined || file.batch !== undefined ? file : { ...file, batch: servedBatch(batch) };
  }
  return { ...entry, models };
}

function servedBatch({ maxSize, measured }: TunedBatch): ServedBatch {
  const runMs = measured.find(({ rows }) => rows === maxSize)?.ms ?? WAIT_MS.least;
  return { maxSize, maxLatencyMs: Math.min(WAIT_MS.most, Math.max(WAIT_MS.least, Math.ceil(runMs))), measured };
}
