import type { GraphModel, LayersModel, ParsedGraph, TfjsTensorHandle } from "./tfjs-library.ts";

/** A feed by the name of its input. */
export interface NamedHandle {
  readonly name: string;
  readonly handle: TfjsTensorHandle;
}

type Outputs = readonly TfjsTensorHandle[];

/** A model of either kind in memory. Feeds are all of its inputs in order; what it gives has the order of `names`. */
export interface OpenModel {
  /** Tensors that live as long as it does: those that loading made, and those that a run may make. */
  readonly weights: unknown;
  readonly captured: unknown;
  /** Of all outputs in order, where the library knows them better than the file tells. */
  readonly shapes: readonly (readonly (number | null)[])[] | undefined;
  run(feeds: readonly NamedHandle[], names: readonly string[]): Outputs;
  /** For a graph of which `run` throws an Error that names `executeAsync()`. */
  runLater(feeds: readonly NamedHandle[], names: readonly string[]): Promise<Outputs>;
  dispose(): void;
}

/** A GraphModel. Throws an Error for an operation that the library does not know: it would only find out in a run. */
export function openGraph(model: GraphModel): OpenModel {
  const unknown = unknownOperations(model.executor?.graph);
  if (unknown.length > 0) {
    model.dispose();
    throw new Error(`it has no operation ${unknown.slice(0, 5).join(", ")}`);
  }
  const inputsOf = (feeds: readonly NamedHandle[]) =>
    Object.fromEntries(feeds.map(({ name, handle }) => [name, handle]));
  return {
    weights: model.weights,
    get captured() {
      return model.resourceIdToCapturedInput;
    },
    shapes: undefined,
    run: (feeds, names) => [model.execute(inputsOf(feeds), [...names])].flat(),
    runLater: async (feeds, names) => [await model.executeAsync(inputsOf(feeds), [...names])].flat(),
    dispose: () => model.dispose(),
  };
}

function unknownOperations(graph: ParsedGraph | undefined): readonly string[] {
  if (graph === undefined) return [];
  const own = Object.values(graph.nodes).flatMap(({ op, category }) => (category === undefined ? [op] : []));
  return [...new Set([...own, ...Object.values(graph.functions ?? {}).flatMap(unknownOperations)])];
}

/** A LayersModel; its weights are variables, which no scope disposes of. `order` are the names of its outputs. */
export function openLayers(model: LayersModel, order: readonly string[]): OpenModel {
  const run = (feeds: readonly NamedHandle[], names: readonly string[]): Outputs => {
    const outputs = [
      model.apply(
        feeds.map(({ handle }) => handle),
        { training: false },
      ),
    ].flat();
    return names.flatMap((name) => outputs[order.indexOf(name)] ?? []);
  };
  return {
    weights: undefined,
    captured: undefined,
    shapes: model.outputs.map(({ shape }) => shape),
    run,
    runLater: async (feeds, names) => run(feeds, names),
    dispose: () => model.dispose(),
  };
}
