import { expect, it } from "vitest";
import { root } from "../support/server-process.ts";
import { run } from "../support/run-command.ts";

interface Loaded {
  /** Names of packages, ours left out. */
  readonly packages: readonly string[];
  /** Shared objects that aren't the system's. */
  readonly addons: readonly string[];
}

// Module hooks see what is imported and what is required, by anybody.
const PROBE = `
  import { registerHooks } from "node:module";
  const packages = new Set();
  registerHooks({
    load(url, context, next) {
      const [, name] = /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(url) ?? [];
      if (name !== undefined) packages.add(name);
      return next(url, context);
    },
  });
  await import(process.argv[1]);
  const addons = process.report.getReport().sharedObjects.filter((path) => path.includes("node_modules") && path !== process.execPath);
  console.log(JSON.stringify({ packages: [...packages].sort(), addons }));
`;

async function loadedBy(specifier: string): Promise<Loaded> {
  const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", PROBE, specifier], {
    cwd: root,
  });
  expect(stderr).toBe("");
  return JSON.parse(stdout) as Loaded;
}

// TypeBox is part of the main entry's own files.
it.each([
  ["@bento-ts/runtime", ["fastest-levenshtein"]],
  ["@bento-ts/runtime/definition", []],
  ["@bento-ts/runtime/config", ["fastest-levenshtein"]],
  ["@bento-ts/runtime/models-store", []],
  ["@bento-ts/runtime/openapi", []],
  ["@bento-ts/runtime/vitest", ["esbuild"]],
  ["@bento-ts/packager", ["esbuild", "fastest-levenshtein", "ignore"]],
])("importing %s loads %j and no native code", async (specifier, packages) => {
  expect(await loadedBy(specifier)).toEqual({ packages, addons: [] });
});

it("would see a framework, and native code", async () => {
  expect((await loadedBy("@bento-ts/runtime/testing")).packages).toContain("fastify");
  const { packages, addons } = await loadedBy("onnxruntime-node");
  expect(packages).toContain("onnxruntime-node");
  expect(addons).toContainEqual(expect.stringContaining("onnxruntime_binding.node"));
});
