import type { BentoStore } from "@bento-ts/packager";
import { type Command, Option } from "commander";
import { bentoLines, bentoTable } from "../bentos/bento-lines.ts";
import { interruptible } from "../build/interruptible.ts";
import type { CommandRow } from "../command.ts";
import { tagOf } from "../models/manifest-lines.ts";
import { report, sizeText } from "../output.ts";
import { createProgress } from "../progress.ts";

interface Flags {
  readonly json?: boolean;
  readonly platform?: string;
}

/** `bento-ts bentos`: the bento store. */
export const bentos: CommandRow = {
  name: "bentos",
  summary: "the bento store: list, show, delete, export, import",
  examples: [
    ["bento-ts bentos list", 'what "bento-ts build" has made on this machine'],
    ["bento-ts bentos export boston:1.4.0 boston.tar", "one file, to take into another network"],
    ["bento-ts bentos import boston.tar", "and into the store there; what is there is skipped"],
    ["bento-ts serve boston:1.4.0", "a stored bento is served, inspected, tested and made into an image by its tag"],
  ],
  define(command) {
    subcommand(command, "list", "list the bentos").action(listBentos);
    subcommand(command, "show", "tell what the store knows of a bento")
      .argument("<TAG>", "name:version, or a name for its newest version")
      .addOption(platformOption("this machine's"))
      .action(showBento);
    subcommand(command, "delete", "delete a bento and what no other one needs; a server that runs keeps its files")
      .argument("<TAG>", "name:version")
      .addOption(platformOption("all"))
      .action(deleteBento);
    subcommand(command, "export", "write a bento as one file")
      .argument("<TAG>", "name:version, or a name for its newest version")
      .argument("<FILE>", "where to; a tar, the same bytes for the same bento")
      .addOption(platformOption("this machine's"))
      .action(exportBento);
    subcommand(command, "import", "take an exported file in; one that was changed is refused")
      .argument("<FILE>", "what export wrote")
      .action(importBento);
  },
};

function subcommand(parent: Command, name: string, summary: string): Command {
  return parent.command(name).description(summary).option("--json", "print the result as JSON");
}

function platformOption(otherwise: string): Option {
  return new Option("--platform <platform>", `linux/amd64 or linux/arm64; default: ${otherwise}`);
}

/** Loaded here: `--help` reads every command's row. */
async function openStore(): Promise<BentoStore> {
  const { bentoStoreDir, createBentoStore } = await import("@bento-ts/packager");
  return createBentoStore(bentoStoreDir());
}

async function listBentos({ json = false }: Flags): Promise<void> {
  const store = await openStore();
  report(await store.list(), { json, human: (list, paint) => bentoTable(list, store.dir, paint) });
}

async function showBento(tag: string, { json = false, platform }: Flags): Promise<void> {
  report(await (await openStore()).get(tag, { platform }), { json, human: bentoLines });
}

async function deleteBento(tag: string, { json = false, platform }: Flags): Promise<void> {
  const { bentos: gone, freedBytes } = await (await openStore()).delete(tag, { platform });
  const deleted = { bentos: gone.map(({ files: _files, formatVersion: _, ...bento }) => bento), freedBytes };
  const platforms = gone.map((bento) => bento.platform).join(", ");
  report(deleted, { json, human: () => [`deleted ${tag} (${platforms}), ${sizeText(freedBytes)} freed`] });
}

async function exportBento(tag: string, file: string, { json = false, platform: wanted }: Flags): Promise<void> {
  const store = await openStore();
  const { name, version, platform, digest } = await withProgress("exporting", (options) =>
    store.export(tag, file, { ...options, platform: wanted }),
  );
  const exported = { name, version, platform, digest, file };
  report(exported, { json, human: () => [`exported ${tagOf(exported)} (${platform}) to ${file}`] });
}

async function importBento(file: string, { json = false }: Flags): Promise<void> {
  const store = await openStore();
  const { manifest, reusedFiles } = await withProgress("importing", (options) => store.import(file, options));
  const { name, version, platform, digest, files } = manifest;
  const imported = { name, version, platform, digest, files: files.length, reusedFiles };
  report(imported, {
    json,
    human: () => [
      `imported ${tagOf(imported)} (${platform}, ${digest}), ${reusedFiles} of ${files.length} files were there`,
    ],
  });
}

interface Options {
  readonly signal: AbortSignal;
  onProgress(progress: { readonly doneBytes: number; readonly totalBytes: number }): void;
}

async function withProgress<T>(label: string, copy: (options: Options) => Promise<T>): Promise<T> {
  const { onProgress, stop } = createProgress(label);
  try {
    return await interruptible((signal) => copy({ onProgress, signal }));
  } finally {
    stop();
  }
}
