import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ServingError } from "../../errors.ts";
import type { RunPlace } from "../types.ts";

/** Name of the file, beside bento.yaml, that keeps what `bento-ts tune` measured. */
export const TUNE_FILE = "bento.tune.json";

/** What was measured on one machine. */
export interface TuneFile {
  readonly formatVersion: 1;
  readonly machine: TunedMachine;
  readonly models: readonly TunedModel[];
}

/** On what was measured. Choices hold where `cpus` and `cpusPerWorker` are the same. */
export interface TunedMachine {
  /** As the system calls its processor; told to people, nobody goes by it. */
  readonly cpuModel: string;
  /** CPUs that the server may use, by the cgroup's limit. */
  readonly cpus: number;
  /** CPUs of one worker, by the configured number of them. */
  readonly cpusPerWorker: number;
}

/** What was measured of one model. */
export interface TunedModel {
  /** The source as the code names it, or the name of its file or folder. */
  readonly model: string;
  /** Of its content, "sha256:…". */
  readonly digest: string;
  readonly engine: string;
  /** ISO 8601. */
  readonly measuredAt: string;
  /** What was run, of one item: `x: float32 [1,3,48,192]`. */
  readonly sample: string;
  readonly choice: TunedChoice;
  /** What was not measured, and why; null where all was. */
  readonly note: string | null;
  readonly measurements: readonly TuneMeasurement[];
}

/** What a server does for a model that was measured. */
export interface TunedChoice {
  /** Threads inside one run. */
  readonly threads: number;
  readonly place: RunPlace;
  /** Most items of a batch; null where the model takes no batches. */
  readonly batch: number | null;
}

/** How long runs took in one way. */
export interface TuneMeasurement {
  readonly place: RunPlace;
  readonly threads: number;
  /** Items of a run. */
  readonly batch: number;
  readonly runs: number;
  /** Of one run. */
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** The file in a project's or a bento's folder, undefined where there is none. Throws FAILED_PRECONDITION that names the place of what can't be used. */
export async function readTuneFile(dir: string): Promise<TuneFile | undefined> {
  const text = await readFile(join(dir, TUNE_FILE), "utf8").catch((cause: unknown) => {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw refused("it cannot be read", cause);
  });
  return text === undefined ? undefined : parseTuneFile(text);
}

/** The text of the file. */
export function printTuneFile(file: TuneFile): string {
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/**
 * Joins new results into what the file had: results of other models stay where they were measured under the same CPUs.
 *
 * A result takes the place of one of the same content, and of one of the same name, whose model it has replaced.
 */
export function mergeTuneFiles(before: TuneFile | undefined, next: TuneFile): TuneFile {
  const isComparable =
    before?.machine.cpus === next.machine.cpus && before.machine.cpusPerWorker === next.machine.cpusPerWorker;
  const kept = (isComparable ? before.models : []).filter(
    ({ model, digest }) => !next.models.some((other) => other.digest === digest || other.model === model),
  );
  const models = [...kept, ...next.models].sort((a, b) => (a.model < b.model ? -1 : 1));
  return { ...next, models };
}

/** Reads the text of the file. Throws FAILED_PRECONDITION that names the first place that is not as it must be. */
export function parseTuneFile(text: string): TuneFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refused("it is no JSON", cause);
  }
  const file = objectAt(value, "it");
  if (file["formatVersion"] !== 1) throw refused('expected "formatVersion": 1, this version knows no other');
  assertFields(objectAt(file["machine"], "machine"), "machine", MACHINE);
  const { models } = file;
  if (!Array.isArray(models)) throw refused("models: expected a list");
  for (const [index, item] of models.entries()) {
    const place = `models[${index}]`;
    const model = objectAt(item, place);
    assertFields(model, place, MODEL);
    assertFields(objectAt(model["choice"], `${place}.choice`), `${place}.choice`, CHOICE);
    const { measurements } = model;
    if (!Array.isArray(measurements)) throw refused(`${place}.measurements: expected a list`);
    for (const [at, one] of measurements.entries()) {
      const inner = `${place}.measurements[${at}]`;
      assertFields(objectAt(one, inner), inner, MEASUREMENT);
    }
  }
  return file as unknown as TuneFile;
}

interface Field {
  readonly expected: string;
  isRight(value: unknown): boolean;
}

const TEXT: Field = { expected: "a text", isRight: (value) => typeof value === "string" };
const TEXT_OR_NULL: Field = { expected: "a text or null", isRight: (value) => value === null || TEXT.isRight(value) };
const COUNT: Field = {
  expected: "a whole number from 1 to 65536",
  isRight: (value) => typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65_536,
};
const BATCH: Field = {
  expected: `${COUNT.expected}, or null`,
  isRight: (value) => value === null || COUNT.isRight(value),
};
const THREADS: Field = {
  expected: "a whole number from 1 to 256",
  isRight: (value) => COUNT.isRight(value) && Number(value) <= 256,
};
const RUNS: Field = {
  expected: "a whole number, at least 1",
  isRight: (value) => Number.isSafeInteger(value) && Number(value) >= 1,
};
const PLACE: Field = {
  expected: '"inline" or "thread"',
  isRight: (value) => value === "inline" || value === "thread",
};
const DIGEST: Field = {
  expected: '"sha256:" and 64 hexadecimal digits',
  isRight: (value) => typeof value === "string" && /^sha256:[0-9a-f]{64}$/.test(value),
};
const MILLISECONDS: Field = {
  expected: "milliseconds",
  isRight: (value) => typeof value === "number" && Number.isFinite(value) && value >= 0,
};
const ANYTHING: Field = { expected: "a value", isRight: (value) => value !== undefined };

const MACHINE = { cpuModel: TEXT, cpus: COUNT, cpusPerWorker: COUNT } satisfies Record<keyof TunedMachine, Field>;
const MODEL = {
  model: TEXT,
  digest: DIGEST,
  engine: TEXT,
  measuredAt: TEXT,
  sample: TEXT,
  choice: ANYTHING,
  note: TEXT_OR_NULL,
  measurements: ANYTHING,
} satisfies Record<keyof TunedModel, Field>;
const CHOICE = { threads: THREADS, place: PLACE, batch: BATCH } satisfies Record<keyof TunedChoice, Field>;
const MEASUREMENT = {
  place: PLACE,
  threads: THREADS,
  batch: COUNT,
  runs: RUNS,
  p50Ms: MILLISECONDS,
  p95Ms: MILLISECONDS,
} satisfies Record<keyof TuneMeasurement, Field>;

function assertFields(value: Record<string, unknown>, place: string, fields: Readonly<Record<string, Field>>): void {
  for (const [name, { expected, isRight }] of Object.entries(fields)) {
    if (!isRight(value[name])) throw refused(`${place}.${name}: expected ${expected}`);
  }
}

function objectAt(value: unknown, place: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw refused(`${place}: expected an object`);
}

function refused(reason: string, cause?: unknown): ServingError {
  return new ServingError(
    "FAILED_PRECONDITION",
    `${TUNE_FILE} can't be used: ${reason}; "bento-ts tune" writes it anew`,
    {
      cause,
    },
  );
}
