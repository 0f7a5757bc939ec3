import { describeValue } from "../../../describe-value.ts";
import { invalidInput } from "../../../errors.ts";
import type { IoSpec, TensorsSpec } from "../../../io/types.ts";
import { childPath } from "../../../problem-list.ts";
import { base64Of, withTexts } from "./binary-values.ts";
import { frameOfColumns } from "./frame-input.ts";
import { isObject } from "../json-object.ts";
import { inputAt, type NativeInput } from "./native-input.ts";
import { wholeValue } from "./whole-value.ts";

const PATH = "/inputs";

/**
 * The input that a request in columns makes: `{"<input>": value}`, or the bare value where there is one input.
 *
 * Throws INVALID_ARGUMENT with the place for what makes none.
 */
export function fromInputs(spec: IoSpec, inputs: unknown): NativeInput {
  switch (spec.kind) {
    case "dataFrame":
      return frameOfColumns(spec, inputs, PATH);
    case "tensor":
      return oneTensor(spec.dtype === "string" ? withTexts(inputs, PATH) : inputs);
    case "tensors":
      return namedTensors(spec, inputs);
    default:
      return wholeValue(spec, inputs, PATH);
  }
}

function oneTensor(inputs: unknown): NativeInput {
  if (!isObject(inputs)) return inputAt(PATH, inputs);
  const [entry, ...others] = Object.entries(inputs);
  if (entry !== undefined && others.length === 0) return inputAt(childPath(PATH, entry[0]), entry[1]);
  throw invalidInput([{ path: PATH, message: `expected one input, got ${Object.keys(inputs).length}` }]);
}

function namedTensors({ tensors }: TensorsSpec, inputs: unknown): NativeInput {
  const [only = "", ...others] = Object.keys(tensors);
  const hasTexts = Object.values(tensors).some(({ dtype }) => dtype === "string");
  const isBare = others.length === 0 && (!isObject(inputs) || base64Of(inputs) !== undefined);
  const value = hasTexts ? withTexts(inputs, PATH) : inputs;
  const prefix = childPath("", only);
  if (isBare) return { value: { [only]: value }, place: (path) => PATH + path.slice(prefix.length) };
  if (isObject(value)) return inputAt(PATH, value);
  const names = Object.keys(tensors).join(", ");
  throw invalidInput([{ path: PATH, message: `expected an object with ${names}, got ${describeValue(inputs)}` }]);
}
