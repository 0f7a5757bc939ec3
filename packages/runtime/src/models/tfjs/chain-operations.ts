type Operation = (this: unknown, ...args: readonly unknown[]) => unknown;

/** What is used of tfjs-core here. */
interface Core extends Readonly<Record<string, unknown>> {
  readonly Tensor: { readonly prototype: Record<string, unknown> };
  reshape(tensor: unknown, shape: readonly number[]): unknown;
}

/** What tfjs-layers 4.22.0 calls on tensors: its initialisers (of LSTM and GRU), its layers for attention and tokens, its metrics. */
const CHAINED =
  "add all any broadcastTo cast concat div equal expandDims gather logicalAnd matMul max mean minimum mul pad reshape reverse sign slice split sqrt square squeeze stridedSlice sub sum transpose where".split(
    " ",
  );

/**
 * Gives tensors the operations that tfjs-layers calls on them, as `a.sum(0)` for `sum(a, 0)`.
 *
 * They come with the package @tensorflow/tfjs, which is 187 MB more, and in tfjs-core as modules that no Node can load beside its main file.
 */
export function chainOperations(core: object): void {
  const operations = core as Core;
  const { prototype } = operations.Tensor;
  for (const name of CHAINED) {
    const operation = operations[name];
    if (typeof operation !== "function") throw new Error(`tfjs-core has no operation ${name}`);
    const chained: Operation = function (...args) {
      return Reflect.apply(operation, undefined, [this, ...args]);
    };
    prototype[name] ??= chained;
  }
  prototype["flatten"] ??= function (this: { readonly size: number }) {
    return operations.reshape(this, [this.size]);
  };
}
