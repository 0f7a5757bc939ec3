import { invalidInput } from "../../../errors.ts";
import { childPath } from "../../../problem-list.ts";
import { JoinedBytes } from "../../wire/joined-bytes.ts";
import { delimitedTag, fixed32Tag, ProtoReader, varintTag } from "../../wire/proto-reader.ts";
import { METRIC_TYPES, type SeldonMeta, type SeldonMetric } from "../types.ts";
import { META, METRIC } from "./fields.ts";
import { COST, readFloat, readText, spend, type ValueBudget } from "./read-field.ts";
import { decodeValue, ENTRY, readKey } from "./struct-value.ts";

/** Reads a `seldon.protos.Meta`. Throws INVALID_ARGUMENT with the place of what is wrong. */
export function decodeMeta(bytes: Buffer, path: string, budget: ValueBudget): SeldonMeta {
  let puid = "";
  const tags = new Map<string, unknown>();
  const routing = new Map<string, number>();
  const requestPath = new Map<string, string>();
  const metrics: SeldonMetric[] = [];
  const reader = new ProtoReader(bytes);
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    switch (tag) {
      case delimitedTag(META.puid):
        puid = readText(reader, `${path}/puid`);
        break;
      case delimitedTag(META.tags):
        readEntry(reader.message(), { path: `${path}/tags`, budget, into: tags }, (entry, at) =>
          decodeValue(valueOf(entry), at, budget),
        );
        break;
      case delimitedTag(META.routing):
        readEntry(reader.message(), { path: `${path}/routing`, budget, into: routing }, readBranch);
        break;
      case delimitedTag(META.requestPath):
        readEntry(reader.message(), { path: `${path}/requestPath`, budget, into: requestPath }, readTextValue);
        break;
      case delimitedTag(META.metrics):
        spend(budget, COST.message);
        metrics.push(readMetric(reader.message(), `${path}/metrics/${metrics.length}`, budget));
        break;
      default:
        reader.skip(tag);
    }
  }
  return {
    puid,
    tags: Object.fromEntries(tags),
    routing: Object.fromEntries(routing),
    requestPath: Object.fromEntries(requestPath),
    metrics,
  };
}

interface MapTarget<T> {
  readonly path: string;
  readonly budget: ValueBudget;
  readonly into: Map<string, T>;
}

/** Reads one entry of a map; of two with one key the last counts. */
function readEntry<T>(
  entry: ProtoReader,
  { path, budget, into }: MapTarget<T>,
  read: (entry: ProtoReader, path: string) => T,
): void {
  spend(budget, COST.container);
  const key = readKey(new ProtoReader(entry.bytes, entry.at, entry.end), path);
  into.set(key, read(entry, childPath(path, key)));
}

function valueOf(entry: ProtoReader): Buffer {
  const value = new JoinedBytes();
  for (let tag = entry.nextTag(); tag !== 0; tag = entry.nextTag()) {
    if (tag === delimitedTag(ENTRY.value)) value.take(entry);
    else entry.skip(tag);
  }
  return value.whole;
}

function readBranch(entry: ProtoReader): number {
  let branch = 0;
  for (let tag = entry.nextTag(); tag !== 0; tag = entry.nextTag()) {
    if (tag === varintTag(ENTRY.value)) branch = entry.signedVarint() | 0;
    else entry.skip(tag);
  }
  return branch;
}

function readTextValue(entry: ProtoReader, path: string): string {
  let text = "";
  for (let tag = entry.nextTag(); tag !== 0; tag = entry.nextTag()) {
    if (tag === delimitedTag(ENTRY.value)) text = readText(entry, path);
    else entry.skip(tag);
  }
  return text;
}

function readMetric(reader: ProtoReader, path: string, budget: ValueBudget): SeldonMetric {
  let key = "";
  let code = 0;
  let value = 0;
  const tags = new Map<string, string>();
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    switch (tag) {
      case delimitedTag(METRIC.key):
        key = readText(reader, `${path}/key`);
        break;
      case varintTag(METRIC.type):
        code = reader.signedVarint();
        break;
      case fixed32Tag(METRIC.value):
        value = readFloat(reader);
        break;
      case delimitedTag(METRIC.tags):
        readEntry(reader.message(), { path: `${path}/tags`, budget, into: tags }, readTextValue);
        break;
      default:
        reader.skip(tag);
    }
  }
  const type = METRIC_TYPES[code];
  if (type === undefined)
    throw invalidInput([{ path: `${path}/type`, message: `expected one of ${METRIC_TYPES.join(", ")}, got ${code}` }]);
  if (!Number.isFinite(value))
    throw invalidInput([{ path: `${path}/value`, message: `expected a finite number, got ${value}` }]);
  return { key, type, value, tags: Object.fromEntries(tags) };
}
