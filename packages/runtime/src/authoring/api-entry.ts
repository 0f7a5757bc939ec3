import { isRole, ROLES } from "../definition/types.ts";
import { describeValue } from "../describe-value.ts";
import { ServingError } from "../errors.ts";
import { type IoInput, toIoType } from "../io/to-io-type.ts";
import type { IoType } from "../io/types.ts";
import { type ApiOptions, unknownApiOptions } from "./api-options.ts";
import { type ApiTypes, typesOfRole } from "./roles.ts";

/** One API as the decorators and `defineApi` record it: the author's options with their IO types made. */
export interface ApiEntry {
  readonly name: string;
  readonly input: IoType<unknown>;
  readonly output: IoType<unknown>;
  readonly stream: boolean;
  readonly options: ApiOptions<IoInput, IoInput>;
}

/** Makes the entry of one API. Throws INVALID_ARGUMENT for options without meaning and for types that can't be used. */
export function createApiEntry(name: string, options: ApiOptions<IoInput, IoInput>, method: unknown): ApiEntry {
  if (options === null || typeof options !== "object") {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `API "${name}": expected options { input, output, … }, got ${typeof options}`,
    );
  }
  const unknown = unknownApiOptions(options);
  if (unknown.length > 0)
    throw new ServingError("INVALID_ARGUMENT", `API "${name}": unknown option ${unknown.join(", ")}`);
  return {
    name,
    ...typesOf(name, options),
    // An async generator function says by itself that it streams; nothing is called to find out.
    stream: Object.prototype.toString.call(method) === "[object AsyncGeneratorFunction]",
    options,
  };
}

function typesOf(name: string, { role = "predict", input, output }: ApiEntry["options"]): ApiTypes {
  if (!isRole(role)) {
    throw new ServingError(
      "INVALID_ARGUMENT",
      `API "${name}": role: expected one of ${ROLES.join(", ")}, got ${describeValue(role)}`,
    );
  }
  if (role === "route" && output !== undefined)
    throw new ServingError("INVALID_ARGUMENT", `API "${name}": a route has no output type, it gives a branch's index`);
  return typesOfRole(role, makeType(name, "input", input), () => makeType(name, "output", output));
}

function makeType(api: string, side: "input" | "output", type: IoInput | undefined): IoType<unknown> {
  try {
    if (type === undefined) throw new ServingError("INVALID_ARGUMENT", "expected an IO type, got undefined");
    return toIoType(type, side);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ServingError("INVALID_ARGUMENT", `API "${api}": its ${side} type can't be used: ${reason}`, { cause });
  }
}
