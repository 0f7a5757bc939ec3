import type { ServiceBundle } from "../bundle/bundle-service.ts";
import { owningPackage } from "./installed-package.ts";
import { BUILD_TOOLS } from "./package-rules.ts";
import type { PackageRequest } from "./walk-closure.ts";

/** The package that every service runs on. */
export const RUNTIME = "@bento-ts/runtime";

/**
 * The packages that a service asks for itself: the runtime, what its bundle imports, and every dependency that its package.json declares, since code may
 * find one by other ways than an import (data that a package brings). `without` are those that it only declares for an engine that it does not use.
 */
export function servicePackages(
  entryDir: string,
  bundle: ServiceBundle,
  { without = [] }: { readonly without?: readonly string[] } = {},
): readonly PackageRequest[] {
  const owner = owningPackage(entryDir);
  const declared =
    owner === undefined
      ? []
      : [
          ...Object.keys(owner.json.dependencies).map((name) => ({ name, isOptional: false })),
          ...Object.keys(owner.json.optionalDependencies).map((name) => ({ name, isOptional: true })),
        ].map((request) => ({ ...request, fromDir: owner.dir }));
  const needless = new Set([...BUILD_TOOLS, ...bundle.inside, ...without]);
  return [
    { name: RUNTIME, fromDir: entryDir },
    ...bundle.packages,
    ...declared.filter(({ name }) => !needless.has(name) && !name.startsWith("@types/")).sort(byName),
  ];
}

function byName(a: PackageRequest, b: PackageRequest): number {
  return a.name < b.name ? -1 : 1;
}
