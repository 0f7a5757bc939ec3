// Apart from what registers a service: a server of model files reads this, and needs none of the types that authors describe their inputs with.
import type { ServiceDefinition } from "../definition/types.ts";
import type { IoType } from "../io/types.ts";
import type { ApiEntry } from "./api-entry.ts";
import { hookFailure } from "./hook-failure.ts";

/** A class whose objects answer calls, whatever its constructor takes. */
export type ServiceClass = new (parameters: never) => object;

/** A service: its definition is plain data, its code is known by the class. */
export interface RegisteredService {
  readonly definition: ServiceDefinition;
  readonly apis: readonly ApiEntry[];
  readonly serviceClass: ServiceClass;
  /** Type of the constructor's argument; undefined where it has none. */
  readonly parameters: IoType<unknown> | undefined;
}

/**
 * The service that a class is, undefined for a class without `@service`.
 *
 * Fields made by `defineApi` exist only in an object: a class without decorated methods is constructed to look for them; nothing is loaded by that. Throws its
 * constructor's failure.
 */
export function registeredService(value: unknown): RegisteredService | undefined {
  return typeof value === "function" ? serviceRegistry().get(value)?.() : undefined;
}

/** Makes an object of an author's class. Throws a ServingError that names the service when the constructor throws. */
export function constructService(name: string, serviceClass: ServiceClass, parameters: unknown): object {
  try {
    return Reflect.construct(serviceClass, [parameters]);
  } catch (thrown) {
    throw hookFailure(name, "constructor", thrown);
  }
}

type Describe = () => RegisteredService;

// One registry for the process, also when two copies of this package were loaded (the author's and the command's).
const REGISTRY = Symbol.for("bento-ts.services");

/** What each service class is, as `@service` has recorded it. */
export function serviceRegistry(): WeakMap<object, Describe> {
  const holder = globalThis as { [REGISTRY]?: WeakMap<object, Describe> };
  return (holder[REGISTRY] ??= new WeakMap());
}
