import { ServingError } from "../errors.ts";
import type { LoadedModel } from "../models/types.ts";
import type { DType } from "../tensor/dtype.ts";
import type { NamedTensors, TensorOf } from "../tensor/tensor.ts";

/** Inputs or outputs of a fake model: element type and shape, `null` for a free size. */
export type FakeTensors = Readonly<
  Record<string, { readonly dtype: DType; readonly shape: readonly (number | null)[] }>
>;

type ValuesOf<T extends FakeTensors> = { readonly [Name in keyof T]: TensorOf<T[Name]["dtype"]> };

/** What a fake model is: its signature, and a function in place of the network. */
export interface FakeModelOptions<I extends FakeTensors, O extends FakeTensors> {
  readonly inputs: I;
  readonly outputs: O;
  run(feeds: ValuesOf<I>): ValuesOf<O> | Promise<ValuesOf<O>>;
}

/**
 * A model for tests, typed by its signature; feeds are checked against it as a real model's are.
 *
 * Give it to `createTestClient(Service, { models: { "models/x.onnx": fakeModel({ … }) } })`.
 */
export function fakeModel<const I extends FakeTensors, const O extends FakeTensors>(
  options: FakeModelOptions<I, O>,
): LoadedModel {
  const infoOf = (tensors: FakeTensors): LoadedModel["info"]["inputs"] =>
    Object.entries(tensors).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  return {
    info: { inputs: infoOf(options.inputs), outputs: infoOf(options.outputs), leftOut: [] },
    run: async (feeds) => {
      // The handle has checked names, types and shapes against `info`.
      const result = (await options.run(feeds as ValuesOf<I>)) as NamedTensors;
      const missing = Object.keys(options.outputs).filter((name) => result[name] === undefined);
      if (missing.length > 0) throw new ServingError("INTERNAL", `the fake model gave no ${missing.join(", ")}`);
      return result;
    },
    dispose: async () => undefined,
  };
}
