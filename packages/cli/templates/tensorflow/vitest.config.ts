import { bentoVitest } from "@bento-ts/runtime/vitest";
import { defineConfig } from "vitest/config";

// The plugin lowers decorators, which vitest leaves as they are.
export default defineConfig({ plugins: [bentoVitest()] });
