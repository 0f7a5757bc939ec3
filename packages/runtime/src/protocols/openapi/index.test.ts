import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** Packages that a module loads by itself or through others of ours; imports of types load nothing. */
function packagesOf(module: URL, seen: Set<string> = new Set()): Set<string> {
  const packages = new Set<string>();
  if (seen.has(module.href)) return packages;
  seen.add(module.href);
  for (const [, specifier = ""] of readFileSync(module, "utf8").matchAll(
    /^(?:import|export) (?!type )[^;]*?from "([^"]+)"/gm,
  )) {
    if (!specifier.startsWith(".")) packages.add(specifier);
    else for (const inner of packagesOf(new URL(specifier, module), seen)) packages.add(inner);
  }
  return packages;
}

it("loads no framework and no addon: the packager and the command use it too", () => {
  expect([...packagesOf(new URL("./index.ts", import.meta.url))]).toEqual([]);
  expect([...packagesOf(new URL("../../transports/http/docs-app.ts", import.meta.url))]).toContain(
    "@fastify/swagger-ui",
  );
});
