import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { debuglog } from "node:util";
import { CommandError, EXIT } from "./command-error.ts";
import { createPaint, printable } from "./output.ts";

const debug = debuglog("bento-ts");
const OWN_FOLDERS = [
  new URL(".", import.meta.url),
  new URL("..", import.meta.resolve("@bento-ts/runtime/server")),
  new URL(".", import.meta.resolve("@bento-ts/packager")),
].map((url) => fileURLToPath(url));

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

/** The line of the author's own code that threw, here or in a worker. */
function placeOf(thrown: unknown): string | undefined {
  for (const line of stackOf(thrown).split("\n")) {
    const [, place, position] = FRAME.exec(line) ?? [];
    if (place === undefined || place.includes("/node_modules/")) continue;
    const file = place.startsWith("file:") ? fileURLToPath(place) : place;
    if (!OWN_FOLDERS.some((folder) => file.startsWith(folder))) return `${relative(process.cwd(), file)}:${position}`;
  }
  return undefined;
}

/** One line of a stack with the path or URL of a file; Node's own (`node:internal/…`) have neither. */
const FRAME = /^\s+at (?:.* \()?((?:file:\/\/)?\/[^\s)?]+)(?:\?[^\s:)]*)?:(\d+:\d+)\)?$/;

function stackOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "";
  if (thrown.cause instanceof Error) return thrown.cause.stack ?? "";
  // What a worker threw is known by its words.
  const details = "details" in thrown ? thrown.details : undefined;
  const isTold = typeof details === "object" && details !== null && "stack" in details;
  return isTold ? String(details.stack) : "";
}
