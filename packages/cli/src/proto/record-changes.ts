import { writeFile } from "node:fs/promises";
import type { ProtoChanges } from "@bento-ts/runtime/proto";
import { failed } from "../command-error.ts";
import { print, printable } from "../output.ts";

/** The record of a service's numbers as it stands in its file, and as it should. */
export interface RecordState {
  /** Path of the file, relative to where the command runs. */
  readonly file: string;
  /** Undefined for a service that was never written down. */
  readonly changes: ProtoChanges | undefined;
  readonly before: string | undefined;
  readonly next: string;
}

/** Says whether the record holds the service as it is. Throws CommandError when it does not, after the changes were printed. */
export function checkRecord({ file, changes }: RecordState): void {
  if (changes === undefined) throw failed(`there is no ${file}: run "bento-ts proto" and keep the file with the code`);
  const { breaking, unrecorded } = changes;
  print(...lines("breaking", breaking), ...lines("not recorded", unrecorded));
  if (breaking.length > 0)
    throw failed(`clients made before don't understand this service: undo that, or accept it with "bento-ts proto"`);
  if (unrecorded.length > 0)
    throw failed(`${file} is not up to date: run "bento-ts proto" and keep the file with the code`);
  print(`${file} holds every field`);
}

/** Writes the record where it changed, and tells what clients made before won't understand. */
export async function writeRecord({ file, changes, before, next }: RecordState): Promise<void> {
  if (before === next) return;
  await writeFile(file, next);
  const notes = [
    ...lines("breaking", changes?.breaking ?? []),
    `numbers of fields are kept in ${file}: keep it with the code`,
  ];
  process.stderr.write(notes.map((line) => `${line}\n`).join(""));
}

function lines(kind: string, changes: readonly string[]): readonly string[] {
  return changes.map((change) => printable(`${kind}: ${change}`));
}
