import type { Config } from "../config/types.ts";
import type { BatchDefinition } from "../definition/types.ts";
import type { TunedChoice } from "../models/tune/tune-file.ts";
import type { ProtoRecord } from "../protocols/proto/types.ts";
import type { TunedBatch } from "./tuning.ts";

/** A file that is a model of a service without code. */
export interface ServedFile {
  /** Absolute. */
  readonly path: string;
  /** What it is over protocols that serve models. */
  readonly model: { readonly name: string; readonly version: number };
  readonly isDefault: boolean;
  /** How its calls are joined; undefined where each runs for itself. */
  readonly batch?: ServedBatch | undefined;
}

/** The policy of a model file's calls, and times of batches that were measured before, with which it begins. */
export interface ServedBatch extends BatchDefinition {
  readonly measured?: readonly { readonly rows: number; readonly ms: number }[] | undefined;
}

/** Model files without code. */
export interface ModelsEntry {
  readonly kind: "models";
  readonly name: string;
  readonly version: string;
  /** By API name. */
  readonly models: Readonly<Record<string, ServedFile>>;
}

/** What is served: a module with a service class, or model files without code. */
export type ServiceEntry =
  | {
      readonly kind: "module";
      /** Absolute path of the file that exports the class. */
      readonly file: string;
    }
  | ModelsEntry;

/** What a worker is told when it starts; survives structured cloning. */
export interface StartPayload {
  readonly entry: ServiceEntry;
  readonly config: Config;
  /** Folder against which the service's relative paths are resolved. */
  readonly baseDir: string;
  readonly storeDir: string;
  /** CPUs of this worker. */
  readonly cpus: number;
  /** CPUs of the whole server. */
  readonly serverCpus: number;
  /** Digests that model sources must have; empty when served from source. */
  readonly digests: Readonly<Record<string, string>>;
  /** Absolute paths at which a bento holds its models, by source. */
  readonly modelPaths: Readonly<Record<string, string>>;
  /** URLs of modules to import before the service. */
  readonly imports: readonly string[];
  readonly sourceMaps: boolean;
  /** What was measured to be best here, by a model's digest. */
  readonly tuned?: Readonly<Record<string, TunedChoice>> | undefined;
  /** Of the models that gain from batches, by digest. */
  readonly tunedBatches?: Readonly<Record<string, TunedBatch>> | undefined;
  /** Numbers that the service's `.proto` has given away. */
  readonly protoRecord?: ProtoRecord | undefined;
}
