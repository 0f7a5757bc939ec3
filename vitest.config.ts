import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { bentoVitest } from "./packages/runtime/src/testing/vitest.ts";

const source = (path: string): string => fileURLToPath(new URL(`./packages/${path}`, import.meta.url));

export default defineConfig({
  plugins: [bentoVitest()],
  resolve: {
    // Tests in one process run over the sources; tests that start processes use the built packages.
    alias: [
      { find: /^@bento-ts\/runtime$/, replacement: source("runtime/src/index.ts") },
      {
        find: /^@bento-ts\/runtime\/(auth|definition|config|server|testing)$/,
        replacement: source("runtime/src/$1/index.ts"),
      },
      { find: /^@bento-ts\/runtime\/dev-idp$/, replacement: source("runtime/src/testing/dev-idp/index.ts") },
      { find: /^@bento-ts\/runtime\/early-worker$/, replacement: source("runtime/src/server/early-worker.ts") },
      { find: /^@bento-ts\/runtime\/(openapi|proto)$/, replacement: source("runtime/src/protocols/$1/index.ts") },
      { find: /^@bento-ts\/runtime\/models-store$/, replacement: source("runtime/src/models/store/index.ts") },
      { find: /^@bento-ts\/runtime\/tensorflow$/, replacement: source("runtime/src/models/tensorflow/index.ts") },
      { find: /^@bento-ts\/runtime\/vitest$/, replacement: source("runtime/src/testing/vitest.ts") },
      { find: /^@bento-ts\/packager$/, replacement: source("packager/src/index.ts") },
    ],
  },
  test: {
    include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts", "examples/*/**/*.test.ts"],
    pool: "forks",
    // Two also where there are two cores: many files wait for processes and timers most of the time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
