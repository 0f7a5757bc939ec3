import type { Command } from "commander";
import { createModelStore, type ModelManifest, modelStoreDir } from "@bento-ts/runtime/models-store";
import type { CommandRow } from "../command.ts";
import { manifestLines, manifestTable, tagOf } from "../models/manifest-lines.ts";
import { importInto } from "../models/import-into.ts";
import { withProgress } from "../models/with-progress.ts";
import { report, sizeText } from "../output.ts";

interface Flags {
  readonly json?: boolean;
}

/** `bento-ts models`: the model store. */
export const models: CommandRow = {
  name: "models",
  summary: "the model store: import, list, show, delete, export",
  examples: [
    ["bento-ts models import fraud:1.0.0 model.onnx", "copy a model into the store"],
    ['bento-ts models list --json | jq -r ".[].digest"', "what is there, for scripts"],
    ["bento-ts models export fraud:1.0.0 fraud.tar", "one file, to take elsewhere"],
    ["bento-ts models import fraud.tar", "and into the store there"],
  ],
  define(command) {
    subcommand(command, "import", "copy a .onnx file or a folder with one into the store, or take an exported file in")
      .argument("<TAG|FILE>", "name:version for the model, or a file that export wrote")
      .argument("[PATH]", "the model")
      .action(importModel);
    subcommand(command, "list", "list the models").action(listModels);
    subcommand(command, "show", "tell what the store knows of a model")
      .argument("<TAG>", "name:version, or a name for its newest version")
      .action(showModel);
    subcommand(command, "delete", "delete a model; content that another tag names stays")
      .argument("<TAG>", "name:version")
      .action(deleteModel);
    subcommand(command, "export", "write a model as one file")
      .argument("<TAG>", "name:version, or a name for its newest version")
      .argument("<FILE>", "where to")
      .action(exportModel);
  },
};

function subcommand(parent: Command, name: string, summary: string): Command {
  return parent.command(name).description(summary).option("--json", "print the result as JSON");
}

const openStore = (): ReturnType<typeof createModelStore> => createModelStore(modelStoreDir());

async function importModel(tagOrFile: string, path: string | undefined, { json = false }: Flags): Promise<void> {
  const stored = await importInto(openStore(), { tagOrFile, path });
  report(stored, { json, human: ({ digest }) => [`imported ${tagOf(stored)} (${digest})`] });
}

async function listModels({ json = false }: Flags): Promise<void> {
  const store = openStore();
  report(await store.list(), { json, human: (manifests, paint) => manifestTable(manifests, store.dir, paint) });
}

async function showModel(tag: string, { json = false }: Flags): Promise<void> {
  report(await openStore().get(tag), { json, human: manifestLines });
}

async function deleteModel(tag: string, { json = false }: Flags): Promise<void> {
  const deleted = await openStore().delete(tag);
  const human = (): string[] => [`deleted ${tagOf(deleted.manifest)}, ${sizeText(deleted.freedBytes)} freed`];
  report(deleted, { json, human });
}

async function exportModel(tag: string, file: string, { json = false }: Flags): Promise<void> {
  const manifest: ModelManifest = await withProgress("exporting", (options) => openStore().export(tag, file, options));
  report({ ...manifest, file }, { json, human: () => [`exported ${tagOf(manifest)} to ${file}`] });
}
