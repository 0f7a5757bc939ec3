import type { Problem } from "../errors.ts";
import type { Fault } from "./key-types.ts";
import { KEYS, type KeyPath } from "./keys.ts";
import { describeValue } from "../describe-value.ts";

/** Where a value comes from, highest first. */
export type LayerName =
  "flags" | "env" | "orchestrator" | "config-file" | "bento.yaml" | "service" | "image" | "defaults";

/** A value that a layer gives to a key, not read yet. */
export interface Given {
  readonly path: KeyPath;
  readonly value: unknown;
  /** What the user has to look at: `--port`, `BENTO_SERVER_PORT`, `bento.yaml:3:9`. */
  readonly where: string;
}

/** Everything one source says, with what is wrong about it. */
export interface Layer {
  readonly name: LayerName;
  readonly given: readonly Given[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/** The problem of a value that its key's type refuses; a secret key's value is left out. */
export function valueProblem(given: Omit<Given, "value">, fault: Fault): Problem {
  const path = given.path + fault.at;
  if ("message" in fault) return { path, message: `${fault.message} (${given.where})` };
  const got = KEYS[given.path].secret === true ? "a value that is not shown" : describeValue(fault.got);
  return { path, message: `expected ${fault.expected}, got ${got} (${given.where})` };
}
