import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import { type RegisteredService, registeredService } from "../authoring/registered-service.ts";
import { ServingError } from "../errors.ts";
import { collectHandles } from "../models/handle-registry.ts";
import type { ManagedModel } from "../models/types.ts";
import { importFault } from "./import-fault.ts";

/** A service found in a module, with the model handles that the module made outside of its class. */
export interface FoundService {
  readonly registered: RegisteredService;
  readonly handles: readonly ManagedModel[];
}

/**
 * Imports a module and finds the one service that it exports, as default or by name.
 *
 * Throws FAILED_PRECONDITION when the module can't be loaded or exports no service or several; the message says what to do.
 */
export async function findService(file: string): Promise<FoundService> {
  const { result: exported, handles } = await collectHandles(() => importModule(file));
  const values = [...new Set(exportsOf(exported))];
  const services: RegisteredService[] = [];
  for (const value of values) {
    // A class of defineApi fields is constructed to be described; the handles of that object are not the served ones.
    const { result } = await collectHandles(() => registeredService(value));
    if (result !== undefined) services.push(result);
  }
  const [registered, ...others] = services;
  if (registered === undefined) {
    throw new ServingError(
      "FAILED_PRECONDITION",
      `${basename(file)} exports no service: write "export class … " under @service({ name, version })`,
    );
  }
  if (others.length > 0) {
    const names = services.map((service) => service.definition.name).join(", ");
    throw new ServingError(
      "FAILED_PRECONDITION",
      `${basename(file)} exports ${services.length} services (${names}): export the one that is to be served`,
    );
  }
  return { registered, handles };
}

/** What a module exports. In a package without `"type": "module"` a file is compiled to CommonJS, and its own default stands inside of `default`. */
function exportsOf(module: Record<string, unknown>): readonly unknown[] {
  const { default: inner } = module;
  const isCompiled = typeof inner === "object" && inner !== null && "__esModule" in inner;
  return [...Object.values(module), ...(isCompiled ? Object.values(inner) : [])];
}

async function importModule(file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (cause) {
    throw cause instanceof ServingError ? cause : await importFault(file, cause);
  }
}
