import { bentoVitest } from "@bento-ts/runtime/vitest";
import { defineConfig } from "vitest/config";

export default defineConfig({ plugins: [bentoVitest()] });
