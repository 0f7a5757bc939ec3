import { registerService, type ServiceClass, type ServiceOptions } from "./registry.ts";

/** The same as `@service(options)` for a class written without decorators; gives the class back. */
export function serviceClass<C extends ServiceClass>(options: ServiceOptions, value: C): C {
  registerService(value, options, []);
  return value;
}
