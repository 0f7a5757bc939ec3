import type { ContentHash } from "../dependencies/integrity.ts";

/** What a bento is made of, before it is written in a format of its own. */
export interface Bill {
  readonly service: BillService;
  /** Sorted by `id`. */
  readonly items: readonly BillItem[];
}

export interface BillService {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Version of the packager, which wrote the bill. */
  readonly toolVersion: string;
  /** Ids of what the service itself asks for. */
  readonly needs: readonly string[];
}

/** One thing that was not written by the author, or a model. */
export interface BillItem {
  /** Unique in the bill: where it lies in the bento. */
  readonly id: string;
  readonly kind: "package" | "node" | "library" | "model" | "model-file";
  readonly name: string;
  readonly version: string;
  /** As its maker wrote it; undefined where nothing is said. */
  readonly licence?: string | undefined;
  /** Package URL. */
  readonly purl?: string | undefined;
  readonly hashes: readonly ContentHash[];
  /** Ids of what it needs or holds. */
  readonly needs: readonly string[];
  /** More facts by name. */
  readonly facts?: Readonly<Record<string, string>>;
}
