import { invalidInput } from "../../../errors.ts";
import type { IoSpec } from "../../../io/types.ts";
import { frameOfRows } from "./frame-input.ts";
import { inputAt, type NativeInput } from "./native-input.ts";
import { stackInstances } from "./stack-instances.ts";
import { wholeValue } from "./whole-value.ts";

const PATH = "/instances";

/**
 * The input that a list of instances makes, one for each example.
 *
 * A data frame takes them as rows; tensors are stacked along dimension 0; for a JSON list they are its items; of any other type one instance is the value.
 * Throws INVALID_ARGUMENT with the place for instances that make no input.
 */
export function fromInstances(spec: IoSpec, instances: readonly unknown[]): NativeInput {
  switch (spec.kind) {
    case "dataFrame":
      return frameOfRows(spec, instances, PATH);
    case "tensor":
    case "tensors":
      return stackInstances(spec, instances, PATH);
    case "json":
      return spec.schema["type"] === "array" ? inputAt(PATH, instances) : onlyInstance(spec, instances);
    default:
      return onlyInstance(spec, instances);
  }
}

function onlyInstance(spec: IoSpec, instances: readonly unknown[]): NativeInput {
  if (instances.length === 1) return wholeValue(spec, instances[0], `${PATH}/0`);
  const message = `expected one instance, as this model takes one a call, got ${instances.length}`;
  throw invalidInput([{ path: PATH, message }]);
}
