import { stat } from "node:fs/promises";
import { ServingError } from "@bento-ts/runtime/definition";
import { assertReplaceable } from "../files/replace-folder.ts";

/** Whether an output is the name of a tar. */
export function isArchiveName(output: string): boolean {
  return output.endsWith(".tar");
}

/**
 * Throws INVALID_ARGUMENT for the name of a compressed tar, FAILED_PRECONDITION when something else stands at an output's place than what goes there: a file in the place
 * of a tar, an OCI layout or an empty folder in that of a layout.
 */
export async function assertOutputPlace(place: string): Promise<void> {
  const [, name] = /^(.*\.)(?:tar\.[a-z0-9]+|tgz)$/.exec(place) ?? [];
  if (name !== undefined) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `-o ${place}: the layers in a tar are compressed already, it is not: name it ${name}tar`,
    );
  }
  if (!isArchiveName(place)) return assertReplaceable(place, "OCI layout");
  const found = await stat(place).catch(() => undefined);
  if (found?.isDirectory() === true) {
    throw new ServingError("FAILED_PRECONDITION", `${place} is a folder: name a file for the tar, with -o`);
  }
}
