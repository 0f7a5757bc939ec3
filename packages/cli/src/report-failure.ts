import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { debuglog } from "node:util";
import { CommandError, EXIT } from "./command-error.ts";
import { createPaint, printable } from "./output.ts";

const debug = debuglog("bento-ts");
const OWN_FILES = fileURLToPath(new URL(".", import.meta.url));

/** Tells on standard error why a command ended, and gives its exit code. `NODE_DEBUG=bento-ts` adds the stack. */
export function reportFailure(thrown: unknown): number {
  const paint = createPaint(process.stderr);
  const place = placeOf(thrown);
  process.stderr.write(
    `${paint.red("error:")} ${printable(messageOf(thrown))}${place === undefined ? "" : ` (${place})`}\n`,
  );
  debug("%o", thrown);
  return thrown instanceof CommandError ? thrown.exitCode : EXIT.failed;
}

function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  // Known by name: the project's own copy of the runtime has a class of its own. A call of the system that failed is nobody's fault here.
  const isExpected = thrown instanceof CommandError || thrown.name === "ServingError" || "syscall" in thrown;
  return isExpected ? thrown.message : `${thrown.message}; this is a fault of bento-ts, NODE_DEBUG=bento-ts tells more`;
}

/** The line of the author's own code that threw, when loading it failed. */
function placeOf(thrown: unknown): string | undefined {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  if (!(cause instanceof Error) || cause.name === "ServingError") return undefined;
  for (const line of (cause.stack ?? "").split("\n")) {
    const [, place, position] = /\(?((?:file:\/\/)?\/[^\s)?]+)(?:\?[^\s:)]*)?:(\d+:\d+)\)?$/.exec(line) ?? [];
    if (place === undefined || place.includes("/node_modules/")) continue;
    const file = place.startsWith("file:") ? fileURLToPath(place) : place;
    if (!file.startsWith(OWN_FILES)) return `${relative(process.cwd(), file)}:${position}`;
  }
  return undefined;
}
