import { describeValue, quote } from "../../../describe-value.ts";
import { invalidInput, type ServingError } from "../../../errors.ts";
import type { TensorSpec, TensorsSpec } from "../../../io/types.ts";
import { addProblem, assertNoProblems, childPath, createProblemList } from "../../../problem-list.ts";
import { base64Of, listWithTexts } from "./binary-values.ts";
import { isObject, type JsonObject } from "../json-object.ts";
import type { NativeInput } from "./native-input.ts";

/** Name of the one tensor of a type that has no names. */
const ONLY = "input";

/**
 * Instances stacked along dimension 0: objects `{"<input>": value}`, or bare values where there is one input. One instance of a scalar is the scalar itself.
 *
 * Throws INVALID_ARGUMENT for instances that are no objects where there are several inputs, and for objects with different names.
 */
export function stackInstances(spec: TensorSpec | TensorsSpec, given: readonly unknown[], path: string): NativeInput {
  const fields: TensorsSpec["tensors"] = spec.kind === "tensor" ? { [ONLY]: spec } : spec.tensors;
  const hasTexts = Object.values(fields).some(({ dtype }) => dtype === "string");
  const instances = hasTexts ? listWithTexts(given, path) : given;
  const isWrapped = instances.length > 0 && instances.every((one) => isObject(one) && base64Of(one) === undefined);
  const names = Object.keys(fields);
  if (!isWrapped && names.length > 1) throw noObject(instances, names, path);
  const stacks = isWrapped ? stackByName(instances.filter(isObject), path) : new Map([[names[0] ?? ONLY, instances]]);
  const toPlace = (name: string, rest: string): string => {
    const [, index, inner = ""] = /^\/(\d+)(.*)$/s.exec(rest) ?? [];
    if (!isWrapped) return index === undefined ? path : childPath(path, index) + inner;
    return childPath(childPath(path, index ?? 0), name) + inner;
  };
  if (spec.kind === "tensors") {
    const entries = [...stacks].map(([name, list]) => [name, scalarOr(list, fields[name]?.shape)] as const);
    return { value: Object.fromEntries(entries), place: (at) => byName(at, toPlace) };
  }
  const [entry, ...others] = [...stacks];
  if (entry === undefined || others.length > 0)
    throw invalidInput([{ path: childPath(path, 0), message: `expected one input, got ${stacks.size}` }]);
  return { value: scalarOr(entry[1], spec.shape), place: (at) => toPlace(entry[0], at) };
}

function scalarOr(list: readonly unknown[], shape: readonly unknown[] | undefined): unknown {
  return shape?.length === 0 && list.length === 1 ? list[0] : list;
}

/** `/x/3/0` → what `toPlace` makes of the tensor `x` and `/3/0`. */
function byName(path: string, toPlace: (name: string, rest: string) => string): string {
  const [, name = "", rest = ""] = /^\/([^/]*)(.*)$/s.exec(path) ?? [];
  return toPlace(name.replaceAll("~1", "/").replaceAll("~0", "~"), rest);
}

function stackByName(instances: readonly JsonObject[], path: string): ReadonlyMap<string, readonly unknown[]> {
  const [first = {}] = instances;
  const names = Object.keys(first);
  const problems = createProblemList();
  for (const [index, instance] of instances.entries()) {
    const place = childPath(path, index);
    for (const name of names)
      if (!Object.hasOwn(instance, name))
        addProblem(problems, () => ({
          path: childPath(place, name),
          message: "is required, as the first instance has it",
        }));
    for (const name of Object.keys(instance))
      if (!Object.hasOwn(first, name))
        addProblem(problems, () => ({ path: childPath(place, name), message: "is not in the first instance" }));
  }
  assertNoProblems(problems);
  return new Map(names.map((name) => [name, instances.map((instance) => instance[name])]));
}

function noObject(instances: readonly unknown[], names: readonly string[], path: string): ServingError {
  const index = instances.findIndex((one) => !isObject(one) || base64Of(one) !== undefined);
  const place = index < 0 ? path : childPath(path, index);
  const got = index < 0 ? "no instance" : describeValue(instances[index]);
  return invalidInput([{ path: place, message: `expected an object with ${names.map(quote).join(", ")}, got ${got}` }]);
}
