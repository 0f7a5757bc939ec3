import { describeValue } from "../../describe-value.ts";
import { ServingError } from "../../errors.ts";
import { addProblem, assertOutputFits, childPath, createProblemList } from "../../problem-list.ts";
import type { Payload } from "../types.ts";
import { createColumn } from "./column.ts";
import { planLists } from "./column-lists.ts";
import { createColumnNames } from "./column-names.ts";
import { readColumns } from "./columns-source.ts";
import { createFrame, type FrameParts, partsOfFrame } from "./frame.ts";
import { defineFrame } from "./frame-spec.ts";
import { emptySource, type FrameSource, type SourceContext } from "./frame-source.ts";
import type { ColumnsInput, DataFrame, DataFrameOptions, DataFrameType } from "./frame-types.ts";
import { joinFrames } from "./join-frames.ts";
import { type FrameReader, readFrame, readSource } from "./read-frame.ts";
import { readRecords } from "./records-source.ts";
import { writeFrame } from "./write-frame.ts";

/**
 * Data frames with typed columns: `{"df": [records]}`, `{"df": {"columns", "data"}}`, `{"df": {"<column>": [cells]}}` or a bare list of records in JSON, CSV with
 * a header row, one tensor for each column or one [n, columns] over tensor protocols.
 *
 * Every fault of an input is named by row and column. Throws INVALID_ARGUMENT for options that mean nothing.
 */
export function dataFrame<const C extends ColumnsInput>(options: DataFrameOptions<C>): DataFrameType<C> {
  const spec = defineFrame(options);
  const columns = Object.entries(spec.columns).map(([name, column]) => createColumn(name, column));
  const reader: FrameReader = {
    spec,
    columns,
    names: createColumnNames(spec),
    createLists: planLists(columns),
    path: childPath("", spec.key),
  };
  const toFrame = (parts: FrameParts): DataFrame<C> => createFrame<C>(parts);
  return Object.freeze<DataFrameType<C>>({
    spec,
    read(payload, options_) {
      const parts = readFrame(reader, payload, options_);
      return parts instanceof Promise ? parts.then(toFrame) : toFrame(parts);
    },
    write: (value, as, options_): Payload => writeFrame(spec, ownParts(reader, value), as, options_),
    fromColumns: (given) => toFrame(makeParts(reader, (context) => readAuthorsColumns(given, context))),
    join: (frames) => toFrame(joinFrames(frames.map((frame) => ownParts(reader, frame)))),
    fromRecords: (given) => toFrame(makeParts(reader, (context) => readAuthorsRecords(given, context))),
  });
}

/** The parts of a result: as they are when a frame of this type made them, else read again by its columns. */
function ownParts(reader: FrameReader, value: unknown): FrameParts {
  const parts = partsOfFrame(value);
  if (parts === undefined) {
    throw new ServingError(
      "INTERNAL",
      `the output does not fit its type: expected a data frame, made by fromRecords or fromColumns, got ${describeValue(value)}`,
    );
  }
  if (parts.columns === reader.columns) return parts;
  const given = new Map(parts.columns.map((column, index) => [column.name, parts.data[index]]));
  // Columns beyond those declared stay out: a frame that was read may be answered in part.
  const wanted = reader.names.declared.flatMap((name) => (given.has(name) ? [[name, given.get(name)] as const] : []));
  return makeParts(reader, (context) => readAuthorsColumns(Object.fromEntries(wanted), context));
}

/** Makes parts of what an author gave; throws INTERNAL with the faults. Non-finite numbers stay: the policy decides when they are written. */
function makeParts(reader: FrameReader, read: (context: SourceContext) => FrameSource): FrameParts {
  const { names, path } = reader;
  const context: SourceContext = { names, path, problems: createProblemList() };
  const parts = readSource(reader, read(context), "any", context);
  assertOutputFits(context.problems);
  return parts;
}

function readAuthorsRecords(given: unknown, context: SourceContext): FrameSource {
  if (!Array.isArray(given)) return refuse(context, "a list of records", given);
  return readRecords(given, context);
}

function readAuthorsColumns(given: unknown, context: SourceContext): FrameSource {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    return refuse(context, "an object with the columns", given);
  const lists = Object.entries(given).map(
    ([name, cells]: [string, unknown]) => [name, ArrayBuffer.isView(cells) ? toList(cells) : cells] as const,
  );
  return readColumns(Object.fromEntries(lists), context);
}

function toList(view: ArrayBufferView): unknown[] {
  return view instanceof DataView ? [] : Array.from(view as unknown as Iterable<number | bigint>);
}

function refuse({ names, path, problems }: SourceContext, expected: string, got: unknown): FrameSource {
  addProblem(problems, () => ({ path, message: `expected ${expected}, got ${describeValue(got)}` }));
  return emptySource(names.declared.length);
}
