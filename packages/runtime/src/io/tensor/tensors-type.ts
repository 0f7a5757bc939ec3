import { describeValue, quote } from "../../describe-value.ts";
import { didYouMean } from "../../did-you-mean.ts";
import { invalidInput, type Problem, ServingError } from "../../errors.ts";
import {
  addProblem,
  assertNoProblems,
  assertOutputFits,
  childPath,
  createProblemList,
  type ProblemList,
} from "../../problem-list.ts";
import { fromNested } from "../../tensor/from-nested.ts";
import type { NamedTensors, Tensor, TensorOf } from "../../tensor/tensor.ts";
import { type Nested, toNested } from "../../tensor/to-nested.ts";
import type { IoOptions, IoType, NanPolicy, Payload, PayloadKind, TensorsSpec } from "../types.ts";
import { freezeDeclaration, quoteNames, type TensorDeclaration, tensorFault, valueFault } from "./declared-tensor.ts";

/** The value of named tensors: each name with its tensor. */
export type TensorsOf<S extends Readonly<Record<string, TensorDeclaration>>> = {
  readonly [N in keyof S]: TensorOf<S[N]["dtype"]>;
};

/**
 * Named tensors: `{"<name>": nested lists}` in JSON, named tensors over tensor protocols.
 *
 * All names are required and no others are taken. Throws INVALID_ARGUMENT when there is no name, or an unknown element type or size.
 */
export function tensors<const S extends Readonly<Record<string, TensorDeclaration>>>(fields: S): IoType<TensorsOf<S>> {
  const declared = Object.entries<TensorDeclaration>(fields).map(([name, field]): Field => ({
    name,
    path: childPath("", name),
    ...freezeDeclaration(`tensors: ${quote(name)}`, field),
  }));
  if (declared.length === 0)
    throw new ServingError("INVALID_ARGUMENT", "tensors: expected at least one name with { dtype, shape }");
  const spec: TensorsSpec = Object.freeze({
    kind: "tensors",
    tensors: Object.freeze(
      Object.fromEntries(declared.map(({ name, dtype, shape }) => [name, Object.freeze({ dtype, shape })])),
    ),
  });
  return Object.freeze<IoType<TensorsOf<S>>>({
    spec,
    // Reading has checked each name and its element type.
    read: (payload, options) => readTensors(declared, payload, options) as TensorsOf<S>,
    write: (value, as, options) => writeTensors(declared, value, as, options),
  });
}

/** One declared tensor and its place in JSON. */
interface Field extends TensorDeclaration {
  readonly name: string;
  readonly path: string;
}

function readTensors(declared: readonly Field[], payload: Payload, { nan }: IoOptions): NamedTensors {
  if (payload.kind === "parts") {
    throw new ServingError(
      "UNSUPPORTED_MEDIA_TYPE",
      `expected application/json, got ${payload.parts[0]?.mediaType ?? "an empty body"}`,
    );
  }
  const problems = createProblemList();
  const given = toNamed(declared, payload.kind === "json" ? payload.value : payload.tensors);
  checkNames(declared, given, problems);
  const read: Record<string, Tensor> = {};
  for (const { name, path, dtype, shape } of declared) {
    if (!Object.hasOwn(given, name)) continue;
    const value = given[name];
    if (payload.kind === "json")
      readField(() => (read[name] = fromNested(value, dtype, shape, { path, nan })), problems);
    else takeTensor(value as Tensor, { name, path, dtype, shape, nan }, read, problems);
  }
  assertNoProblems(problems);
  return read;
}

function toNamed(declared: readonly Field[], given: unknown): Readonly<Record<string, unknown>> {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return given as Record<string, unknown>;
  const names = quoteNames(declared.map(({ name }) => name));
  throw invalidInput([{ path: "", message: `expected an object with ${names}, got ${describeValue(given)}` }]);
}

function checkNames(declared: readonly Field[], given: Readonly<Record<string, unknown>>, problems: ProblemList): void {
  const names = Object.keys(given);
  if (names.length === declared.length && declared.every(({ name }) => Object.hasOwn(given, name))) return;
  const known = declared.map(({ name }) => name);
  const missing = known.filter((name) => !Object.hasOwn(given, name));
  for (const name of names) {
    if (known.includes(name)) continue;
    addProblem(problems, () => {
      const hint = didYouMean(name, missing.length > 0 ? missing : known);
      return {
        path: childPath("", name),
        message: `unknown tensor${hint || `, expected ${quoteNames(known)}`}`,
      };
    });
  }
  for (const name of missing) addProblem(problems, () => ({ path: childPath("", name), message: "is required" }));
}

/** Keeps the faults of one field and reads on. */
function readField(read: () => void, problems: ProblemList): void {
  try {
    read();
  } catch (cause) {
    if (!(cause instanceof ServingError) || cause.problems.length === 0) throw cause;
    for (const problem of cause.problems) addProblem(problems, (): Problem => problem);
  }
}

function takeTensor(
  tensor: Tensor,
  field: Field & { readonly nan: NanPolicy },
  read: Record<string, Tensor>,
  problems: ProblemList,
): void {
  const fault = tensorFault(tensor, field, field.nan);
  if (fault === undefined) read[field.name] = tensor;
  else addProblem(problems, () => ({ path: field.path, message: fault }));
}

function writeTensors(declared: readonly Field[], value: unknown, as: PayloadKind, { nan }: IoOptions): Payload {
  if (as === "parts")
    throw new ServingError("NOT_ACCEPTABLE", "named tensors are answered as JSON: ask for application/json");
  const problems = createProblemList();
  const given = typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  const result: Record<string, Tensor> = {};
  for (const field of declared) {
    const tensor = Object.hasOwn(given, field.name) ? given[field.name] : undefined;
    const fault = valueFault(tensor, field);
    if (fault === undefined) result[field.name] = tensor as Tensor;
    else addProblem(problems, () => ({ path: field.path, message: fault }));
  }
  assertOutputFits(problems);
  if (as === "tensors") return { kind: "tensors", tensors: result };
  const lists: Record<string, Nested> = {};
  for (const { name, path } of declared) {
    const tensor = result[name];
    if (tensor !== undefined) lists[name] = toNested(tensor, { path, nan });
  }
  return { kind: "json", value: lists };
}
