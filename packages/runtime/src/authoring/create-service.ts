import { ServingError } from "../errors.ts";
import type { ServiceDefinition } from "../definition/types.ts";
import type { IoType } from "../io/types.ts";
import type { Context } from "./context.ts";
import type { RegisteredService } from "./registry.ts";

/** One API ready to be called. */
export interface ApiCode {
  readonly input: IoType<unknown>;
  readonly output: IoType<unknown>;
  /** Calls the author's method with a value that `input` has read. */
  invoke(value: unknown, ctx: Context): unknown;
}

/** Hooks that an author's class may have. */
export interface ServiceHooks {
  /** Runs once in each worker, after the models were loaded and before the worker is ready. */
  onInit(): Promise<void>;
  /** Runs once when the worker ends, after its last call. */
  onShutdown(): Promise<void>;
  /** Asked by readiness checks; false takes the worker out. */
  isReady(): Promise<boolean>;
}

/** A service with its object made: definition (data) and code. */
export interface Service {
  readonly definition: ServiceDefinition;
  readonly apis: ReadonlyMap<string, ApiCode>;
  readonly hooks: ServiceHooks;
}

/** Constructs the author's class and binds its methods by API name. Throws FAILED_PRECONDITION when a described method is missing. */
export function createService(registered: RegisteredService): Service {
  const object = new registered.serviceClass();
  const apis = new Map<string, ApiCode>();
  for (const entry of registered.apis) {
    const method: unknown = Reflect.get(object, entry.name);
    if (typeof method !== "function") {
      throw new ServingError(
        "FAILED_PRECONDITION",
        `service "${registered.definition.name}": method "${entry.name}" is no function on its object`,
      );
    }
    apis.set(entry.name, {
      input: entry.input,
      output: entry.output,
      invoke: (value, ctx) => Reflect.apply(method, object, [value, ctx]),
    });
  }
  return { definition: registered.definition, apis, hooks: bindHooks(object) };
}

function bindHooks(object: object): ServiceHooks {
  const call = async (name: string): Promise<unknown> => {
    const hook: unknown = Reflect.get(object, name);
    return typeof hook === "function" ? await Reflect.apply(hook, object, []) : undefined;
  };
  return {
    onInit: async () => void (await call("onInit")),
    onShutdown: async () => void (await call("onShutdown")),
    isReady: async () => (await call("isReady")) !== false,
  };
}
