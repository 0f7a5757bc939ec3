import { describeValue, quote } from "../../describe-value.ts";
import { didYouMean } from "../../did-you-mean.ts";
import { type Problem, ServingError } from "../../errors.ts";
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
  const declared = new Map(
    Object.entries<TensorDeclaration>(fields).map(([name, field]) => [
      name,
      freezeDeclaration(`tensors: ${quote(name)}`, field),
    ]),
  );
  if (declared.size === 0)
    throw new ServingError("INVALID_ARGUMENT", "tensors: expected at least one name with { dtype, shape }");
  const spec: TensorsSpec = Object.freeze({ kind: "tensors", tensors: Object.freeze(Object.fromEntries(declared)) });
  return Object.freeze<IoType<TensorsOf<S>>>({
    spec,
    // Reading has checked each name and its element type.
    read: (payload, options) => readTensors(declared, payload, options) as TensorsOf<S>,
    write: (value, as, options) => writeTensors(declared, value, as, options),
  });
}

type Declared = ReadonlyMap<string, TensorDeclaration>;

function readTensors(declared: Declared, payload: Payload, { nan }: IoOptions): NamedTensors {
  if (payload.kind === "parts") {
    throw new ServingError(
      "UNSUPPORTED_MEDIA_TYPE",
      `expected application/json, got ${payload.parts[0]?.mediaType ?? "an empty body"}`,
    );
  }
  const problems = createProblemList();
  const given: unknown = payload.kind === "json" ? payload.value : payload.tensors;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    const message = `expected an object with ${quoteNames([...declared.keys()])}, got ${describeValue(given)}`;
    addProblem(problems, () => ({ path: "", message }));
    assertNoProblems(problems);
  }
  const values = new Map<string, unknown>(Object.entries(given ?? {}));
  checkNames(declared, values, problems);
  const read = new Map<string, Tensor>();
  for (const [name, field] of declared) {
    if (!values.has(name)) continue;
    const path = childPath("", name);
    if (payload.kind === "json")
      readField(() => read.set(name, fromNested(values.get(name), field.dtype, field.shape, { path, nan })), problems);
    else takeTensor(values.get(name) as Tensor, name, { ...field, nan }, read, problems);
  }
  assertNoProblems(problems);
  return Object.fromEntries(read);
}

function checkNames(declared: Declared, values: ReadonlyMap<string, unknown>, problems: ProblemList): void {
  const missing = [...declared.keys()].filter((name) => !values.has(name));
  for (const name of values.keys()) {
    if (declared.has(name)) continue;
    addProblem(problems, () => {
      const hint = didYouMean(name, missing.length > 0 ? missing : declared.keys());
      return {
        path: childPath("", name),
        message: `unknown tensor${hint || `, expected ${quoteNames([...declared.keys()])}`}`,
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
  name: string,
  field: TensorDeclaration & { readonly nan: NanPolicy },
  read: Map<string, Tensor>,
  problems: ProblemList,
): void {
  const fault = tensorFault(tensor, field, field.nan);
  if (fault === undefined) read.set(name, tensor);
  else addProblem(problems, () => ({ path: childPath("", name), message: fault }));
}

function writeTensors(declared: Declared, value: unknown, as: PayloadKind, { nan }: IoOptions): Payload {
  if (as === "parts")
    throw new ServingError("NOT_ACCEPTABLE", "named tensors are answered as JSON: ask for application/json");
  const problems = createProblemList();
  const given = new Map<string, unknown>(typeof value === "object" && value !== null ? Object.entries(value) : []);
  const result = new Map<string, Tensor>();
  for (const [name, field] of declared) {
    const fault = valueFault(given.get(name), field);
    if (fault === undefined) result.set(name, given.get(name) as Tensor);
    else addProblem(problems, () => ({ path: childPath("", name), message: fault }));
  }
  assertOutputFits(problems);
  if (as === "tensors") return { kind: "tensors", tensors: Object.fromEntries(result) };
  const lists = [...result].map(([name, tensor]): [string, Nested] => [
    name,
    toNested(tensor, { path: childPath("", name), nan }),
  ]);
  return { kind: "json", value: Object.fromEntries(lists) };
}
