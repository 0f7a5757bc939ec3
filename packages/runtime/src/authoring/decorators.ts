import "./symbol-metadata.ts";
import { ServingError } from "../errors.ts";
import type { Role } from "../definition/types.ts";
import type { IoInput } from "../io/to-io-type.ts";
import { createApiEntry, type ApiEntry } from "./api-entry.ts";
import type { ApiOptions, BatchOptions } from "./api-options.ts";
import type { BatchInputOf, BatchResultOf, ContextOf } from "./roles.ts";
import { registerService, type ServiceClassOf, type ServiceOptions } from "./register-service.ts";

const APIS = Symbol.for("bento-ts.apis");

/**
 * Makes a method an API: `@api({ input, output }) async score(df: Boston, ctx: Context): Promise<Prices>`.
 *
 * A parameter or return type that does not fit the options is a compile error. Throws INVALID_ARGUMENT at class definition for unknown options, for types that
 * can't be used, on private or static methods, for two methods of one name, and when the compiler lowered the decorator in the legacy way.
 */
export function api<
  I extends IoInput,
  O extends IoInput,
  R extends Role = "predict",
  B extends BatchOptions | undefined = undefined,
>(
  options: ApiOptions<I, O, R, B>,
): <This extends object, Result extends BatchResultOf<R, O, B>>(
  value: (this: This, input: BatchInputOf<R, I, O, B>, ctx: ContextOf<B>) => Result,
  context: ClassMethodDecoratorContext<
    This,
    (this: This, input: BatchInputOf<R, I, O, B>, ctx: ContextOf<B>) => Result
  >,
) => void {
  return (value, context) => {
    assertStandardDecorator("@api", context, "method");
    if (context.private || context.static || typeof context.name !== "string") {
      throw new ServingError(
        "INVALID_ARGUMENT",
        `@api belongs on a public instance method, ${String(context.name)} is none`,
      );
    }
    const inherited = context.metadata[APIS];
    const known: readonly ApiEntry[] = Array.isArray(inherited) ? inherited : [];
    const entry = createApiEntry(context.name, options, value);
    if (known.some((other) => other.name === entry.name && !parentApis(context.metadata).includes(other))) {
      throw new ServingError("INVALID_ARGUMENT", `@api: this class has two methods named "${entry.name}"`);
    }
    // A new list for each class: the inherited one belongs to the parent. A subclass's method replaces its parent's.
    context.metadata[APIS] = [...known.filter((other) => other.name !== entry.name), entry];
  };
}

/**
 * Makes a class a service: `@service({ name: "boston", version: "1.4.0" })`.
 *
 * The class is described without being constructed. Throws INVALID_ARGUMENT for a name or version that can't be used.
 */
export function service<P extends IoInput | undefined = undefined>(
  options: ServiceOptions<P>,
): <C extends ServiceClassOf<P>>(value: C, context: ClassDecoratorContext<C>) => void {
  return (_value, context) => {
    assertStandardDecorator("@service", context, "class");
    const apis = context.metadata[APIS];
    const entries: readonly ApiEntry[] = Array.isArray(apis) ? apis : [];
    context.addInitializer(function () {
      registerService(this, options, entries);
    });
  };
}

function parentApis(metadata: DecoratorMetadataObject): readonly unknown[] {
  const parent: unknown = Object.getPrototypeOf(metadata);
  const apis: unknown = parent !== null && typeof parent === "object" ? Reflect.get(parent, APIS) : undefined;
  return Array.isArray(apis) ? apis : [];
}

function assertStandardDecorator(
  name: string,
  context: unknown,
  kind: string,
): asserts context is { readonly kind: string } {
  const isStandard = context !== null && typeof context === "object" && "kind" in context && "metadata" in context;
  if (!isStandard) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `${name} was compiled as a legacy decorator: remove "experimentalDecorators" from tsconfig.json and let bento-ts, esbuild or TypeScript ≥ 5 lower the file`,
    );
  }
  if (context.kind !== kind)
    throw new ServingError("INVALID_ARGUMENT", `${name} belongs on a ${kind}, it stands on a ${String(context.kind)}`);
}
