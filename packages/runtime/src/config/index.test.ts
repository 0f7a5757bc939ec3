import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import * as entry from "./index.ts";

it("exports the names that its users rely on", () => {
  expect(Object.keys(entry).sort()).toEqual([
    "CONFIG_FLAGS",
    "ORCHESTRATOR_FLAGS",
    "assertMayBind",
    "assertParameters",
    "availableCpus",
    "availableMemoryBytes",
    "configJsonSchema",
    "isLoopback",
    "loadConfig",
    "parseDuration",
    "parseSize",
    "resolveWorkers",
  ]);
});

it("loads no framework and no native addon, at once or later", async () => {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const visit = async (url: URL): Promise<void> => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    // Types leave nothing behind when the file is compiled.
    const source = (await readFile(url, "utf8")).replaceAll(/^(import|export) type [^;]*;/gm, "");
    for (const [, specifier = ""] of source.matchAll(/(?:^(?:import|export)\b[^;]*?from |\bimport\()"([^"]+)"/gm)) {
      if (specifier.startsWith(".")) await visit(new URL(specifier, url));
      else if (!specifier.startsWith("node:")) packages.add(specifier);
    }
  };
  await visit(new URL("./index.ts", import.meta.url));
  expect(seen.size).toBeGreaterThan(25);
  const names = [...packages].map((specifier) => specifier.split("/")[0]);
  // The last two are loaded when parameters or a file are there to be read.
  expect([...new Set(names)].sort()).toEqual(["fastest-levenshtein", "typebox", "yaml"]);
});
