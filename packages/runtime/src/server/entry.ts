#!/usr/bin/env node
import { createRequire } from "node:module";
import { startEarlyWorker } from "./early-worker.ts";
import { type EntryFlags, entryHelp, parseEntryFlags } from "./entry-flags.ts";
import { EXIT } from "./exit-codes.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let flags: EntryFlags;
  try {
    flags = parseEntryFlags(args);
  } catch (cause) {
    process.stderr.write(`bento-ts-server: ${cause instanceof Error ? cause.message : String(cause)}\n`);
    return EXIT.usage;
  }
  if (flags.help || flags.version) {
    process.stdout.write(flags.help ? entryHelp() : `${runtimeVersion()}\n`);
    return EXIT.done;
  }
  // Process 1 of a container has no default action for signals: without this one, a stop while models load would be ignored.
  const leave = (): void => process.exit(EXIT.done);
  process.once("SIGTERM", leave).once("SIGINT", leave);
  const stayForSignals = (): void => void process.off("SIGTERM", leave).off("SIGINT", leave);
  // Before the rest is even loaded: both processes take about as long.
  const earlyWorker = startEarlyWorker();
  try {
    const { serveNamed } = await import("./serve-named.ts");
    return await serveNamed(flags, { earlyWorker, onReady: stayForSignals });
  } finally {
    earlyWorker.discard();
  }
}

function runtimeVersion(): string {
  const { version }: { readonly version: string } = createRequire(import.meta.url)("../../package.json");
  return version;
}
