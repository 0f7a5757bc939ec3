import { invalidInput, type Problem, ServingError, toServingError } from "../errors.ts";
import { didYouMean } from "../did-you-mean.ts";
import { describeValue } from "../describe-value.ts";
import { childPath } from "../problem-list.ts";
import { toFormPart } from "./form-part.ts";
import { naturalKindOf } from "./natural-kind.ts";
import { type MultipartField, payloadsOf } from "./multipart-payload.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { IoOptions, IoType, MultipartSpec, Payload, PayloadKind } from "./types.ts";

type Fields = ReadonlyMap<string, MultipartField>;
type Outcome =
  { readonly name: string; readonly value: unknown } | { readonly name: string; readonly error: ServingError };

/** Makes the IO type of a form with these fields. */
export function createMultipartType<T>(fields: Fields): IoType<T> {
  const specs = [...fields].map(
    ([name, { type, required }]) => [name, Object.freeze({ spec: type.spec, required })] as const,
  );
  const spec: MultipartSpec = Object.freeze({ kind: "multipart", fields: Object.freeze(Object.fromEntries(specs)) });
  return Object.freeze<IoType<T>>({
    spec,
    // The fields' own types have checked every member.
    read: async (payload, options) => (await readFields(fields, payload, options)) as T,
    write: (value, as, options) => writeFields(fields, value, { as, options }),
  });
}

async function readFields(
  fields: Fields,
  payload: Payload,
  options: IoOptions,
): Promise<Readonly<Record<string, unknown>>> {
  const { payloads, problems } = payloadsOf(fields, payload);
  const missing = [...fields].filter(([name, { required }]) => required && !payloads.has(name));
  const found: Problem[] = [
    ...problems,
    ...missing.map(([name]) => ({ path: childPath("", name), message: "this field is missing" })),
  ];
  // Pictures of one form are decoded side by side.
  const outcomes = await Promise.all(
    [...payloads].map(([name, one]) => readField(fields.get(name), { name, payload: one, options })),
  );
  const values: [string, unknown][] = [];
  for (const outcome of outcomes) {
    if (!("error" in outcome)) values.push([outcome.name, outcome.value]);
    else if (outcome.error.code === "INVALID_ARGUMENT") found.push(...outcome.error.problems);
    else throw outcome.error;
  }
  if (found.length > 0) throw invalidInput(found.slice(0, 20), found.length);
  return Object.fromEntries(values);
}

async function readField(
  field: MultipartField | undefined,
  {
    name,
    payload,
    options,
  }: { readonly name: string; readonly payload: Payload | Promise<Payload>; readonly options: IoOptions },
): Promise<Outcome> {
  try {
    return { name, value: await field?.type.read(await payload, options) };
  } catch (cause) {
    return { name, error: underField(name, toServingError(cause)) };
  }
}

/** The same error with its places under a field or an index. */
export function underField(name: string | number, error: ServingError): ServingError {
  const at = childPath("", name);
  if (error.code === "INTERNAL") return error;
  const problems = error.problems.map(({ path, message }) => ({ path: at + path, message }));
  if (error.code === "INVALID_ARGUMENT")
    return invalidInput(problems.length > 0 ? problems : [{ path: at, message: error.message }]);
  return new ServingError(error.code, `${at}: ${error.message}`, { problems, cause: error });
}

async function writeFields(
  fields: Fields,
  value: unknown,
  { as, options }: { readonly as: PayloadKind; readonly options: IoOptions },
): Promise<Payload> {
  const members = membersOf(fields, value);
  const written = await Promise.all(
    members.map(async ([name, { type }, member]) => {
      const kind = as === "parts" ? naturalKindOf(type.spec) : as;
      return [name, await writeField(name, () => type.write(member, kind, options))] as const;
    }),
  );
  if (as === "parts") return { kind: "parts", parts: written.map(([name, one]) => toFormPart(name, one)) };
  if (as === "json")
    return {
      kind: "json",
      value: Object.fromEntries(written.map(([name, one]) => [name, one.kind === "json" ? one.value : null])),
    };
  return { kind: "tensors", tensors: Object.fromEntries(written.flatMap(([name, one]) => underName(name, one))) };
}

async function writeField(name: string, write: () => Payload | Promise<Payload>): Promise<Payload> {
  try {
    return await write();
  } catch (cause) {
    const error = toServingError(cause);
    throw new ServingError(error.code, `field "${name}": ${error.message}`, { problems: error.problems, cause });
  }
}

function membersOf(fields: Fields, value: unknown): readonly (readonly [string, MultipartField, unknown])[] {
  if (typeof value !== "object" || value === null)
    throw unfit(`expected an object with fields, got ${describeValue(value)}`);
  const given = new Map<string, unknown>(Object.entries(value).filter(([, member]) => member !== undefined));
  const stranger = [...given.keys()].find((name) => !fields.has(name));
  if (stranger !== undefined) throw unfit(`unknown field "${stranger}"${didYouMean(stranger, fields.keys())}`);
  const missing = [...fields].find(([name, { required }]) => required && !given.has(name));
  if (missing !== undefined) throw unfit(`field "${missing[0]}" is missing`);
  return [...fields].filter(([name]) => given.has(name)).map(([name, field]) => [name, field, given.get(name)]);
}

function unfit(message: string): ServingError {
  return new ServingError("INTERNAL", `the output does not fit its type: ${message}`);
}

/** The tensors of one field: a single one takes the field's name, several are told apart behind it as `field.column`. */
function underName(name: string, payload: Payload): readonly (readonly [string, Tensor])[] {
  const tensors = payload.kind === "tensors" ? Object.entries(payload.tensors) : [];
  return tensors.map(([inner, tensor]) => [tensors.length === 1 ? name : `${name}.${inner}`, tensor] as const);
}
