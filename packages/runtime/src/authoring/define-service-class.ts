import type { IoInput } from "../io/to-io-type.ts";
import { registerService, type ServiceClassOf, type ServiceOptions } from "./register-service.ts";

/** The same as `@service(options)` for a class written without decorators; gives the class back. */
export function serviceClass<C extends ServiceClassOf<P>, P extends IoInput | undefined = undefined>(
  options: ServiceOptions<P>,
  value: C,
): C {
  registerService(value, options, []);
  return value;
}
