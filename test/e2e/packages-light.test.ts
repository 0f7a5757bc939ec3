import { expect, it } from "vitest";
import { root, serve } from "../support/server-process.ts";
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

const TELL_BUILTINS = `process.on("exit", () => console.log("builtins " + process.moduleLoadList.join()))`;

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
  ["@bento-ts/runtime/auth", []],
  ["@bento-ts/runtime/definition", ["fastest-levenshtein"]],
  ["@bento-ts/runtime/config", ["fastest-levenshtein"]],
  ["@bento-ts/runtime/dev-idp", ["jose"]],
  ["@bento-ts/runtime/early-worker", []],
  ["@bento-ts/runtime/models-store", []],
  ["@bento-ts/runtime/openapi", []],
  ["@bento-ts/runtime/tensorflow", []],
  ["@bento-ts/runtime/vitest", ["esbuild"]],
  [
    "@bento-ts/packager",
    [
      "b4a",
      "esbuild",
      "events-universal",
      "fast-fifo",
      "fastest-levenshtein",
      "fflate",
      "ignore",
      "spdx-exceptions",
      "spdx-expression-parse",
      "spdx-license-ids",
      "streamx",
      "tar-stream",
      "text-decoder",
    ],
  ],
])("importing %s loads %j and no native code", async (specifier, packages) => {
  expect(await loadedBy(specifier)).toEqual({ packages, addons: [] });
});

// An import of node:http in a module loads it (nodejs/node#59686): half of what fastify takes, in the supervisor and in each worker.
it("starting a server loads nothing of Node's own fetch client", async () => {
  const server = await serve(`${root}test/models/mlp-small.onnx`, {
    flags: ["--workers", "1"],
    env: {
      BENTO_SERVER_DRAIN_DELAY: "0s",
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(TELL_BUILTINS)}`,
    },
  });
  await fetch(`${server.url}/healthz`);
  expect(await server.stop()).toBe(0);
  const told = [...server.output().matchAll(/^builtins (.*)$/gm)].map(([, names = ""]) => names.split(","));
  expect(told).toHaveLength(2);
  for (const names of told) {
    expect(names).toContain("NativeModule _http_server");
    expect(names.filter((name) => name.includes("undici"))).toEqual([]);
  }
});

it("would see a framework, and native code", async () => {
  expect((await loadedBy("fastify")).packages).toContain("fastify");
  const { packages, addons } = await loadedBy("onnxruntime-node");
  expect(packages).toContain("onnxruntime-node");
  expect(addons).toContainEqual(expect.stringContaining("onnxruntime_binding.node"));
});
