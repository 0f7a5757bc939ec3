import { ServingError } from "../errors.ts";
import type { ServiceDefinition } from "../definition/types.ts";
import type { IoType } from "../io/types.ts";
import type { BatchContext, Context } from "./context.ts";
import { hookFailure, type Hook } from "./hook-failure.ts";
import { constructService, type RegisteredService } from "./registered-service.ts";

/** One API ready to be called. */
export type ApiCode = SingleCode | BatchCode;

interface TypedCode {
  readonly input: IoType<unknown>;
  readonly output: IoType<unknown>;
  /** The engine that runs it, where it is a model as it is and no code of an author's. */
  readonly engine?: string;
}

/** An API whose method takes one call at a time. */
export interface SingleCode extends TypedCode {
  readonly invokeBatch?: undefined;
  /** Calls the author's method with a value that `input` has read. */
  invoke(value: unknown, ctx: Context): unknown;
}

/** An API whose method takes several calls. */
export interface BatchCode extends TypedCode {
  /** Calls the author's method with values that `input` has read; gives a list with an output, or the error, of each. */
  invokeBatch(values: readonly unknown[], ctx: BatchContext): unknown;
  /** Times of batches that were measured before; undefined where they are learned from the first calls. */
  readonly measured?: readonly { readonly rows: number; readonly ms: number }[] | undefined;
}

/** Hooks that an author's class may have. */
export interface ServiceHooks {
  /** Runs once in each worker, after the models were loaded and before the worker is ready. Throws a ServingError that names service and hook. */
  onInit(): Promise<void>;
  /** Runs once when the worker ends, after its last call. Throws as `onInit` does. */
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

/** Constructs the author's class with its parameters and binds its methods by API name. Throws its constructor's failure, FAILED_PRECONDITION when a described method is missing. */
export function createService(registered: RegisteredService, parameters: unknown = {}): Service {
  const { name } = registered.definition;
  const object = constructService(name, registered.serviceClass, parameters);
  const apis = new Map<string, ApiCode>();
  for (const entry of registered.apis) {
    const method: unknown = Reflect.get(object, entry.name);
    if (typeof method !== "function") {
      throw new ServingError(
        "FAILED_PRECONDITION",
        `service "${name}": method "${entry.name}" is no function on its object`,
      );
    }
    const call = (given: unknown, ctx: unknown): unknown => Reflect.apply(method, object, [given, ctx]);
    const { input, output, options } = entry;
    apis.set(entry.name, {
      input,
      output,
      ...(options.batch === undefined ? { invoke: call } : { invokeBatch: call }),
    });
  }
  return { definition: registered.definition, apis, hooks: bindHooks(name, object) };
}

function bindHooks(service: string, object: object): ServiceHooks {
  const call = async (name: keyof ServiceHooks): Promise<unknown> => {
    const hook: unknown = Reflect.get(object, name);
    return typeof hook === "function" ? await Reflect.apply(hook, object, []) : undefined;
  };
  const run = async (name: Hook & keyof ServiceHooks): Promise<void> => {
    try {
      await call(name);
    } catch (thrown) {
      throw hookFailure(service, name, thrown);
    }
  };
  return {
    onInit: () => run("onInit"),
    onShutdown: () => run("onShutdown"),
    isReady: async () => (await call("isReady")) !== false,
  };
}
