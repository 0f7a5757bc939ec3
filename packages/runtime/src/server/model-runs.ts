import type { BatchCode, SingleCode } from "../authoring/create-service.ts";
import type { Context } from "../authoring/context.ts";
import { TRACE, type Traced } from "../call/call-trace.ts";
import { CANCELLATION, cancellationOf } from "../call/cancellation.ts";
import { type Bounded, LONGEST_CALL } from "../call/longest-call.ts";
import { ServingError } from "../errors.ts";
import type { IoSpec } from "../io/types.ts";
import type { ModelHandle } from "../models/types.ts";
import { joinRows, splitRows } from "../tensor/join-split.ts";
import type { NamedTensors, Tensor } from "../tensor/tensor.ts";

/** Runs a model as it is, a call at a time. */
export function singleRuns(model: Pick<ModelHandle, "run">): Pick<SingleCode, "invoke"> {
  return { invoke: (feeds, ctx) => runOwned(model, feeds as NamedTensors, ctx) };
}

/** Runs a model as it is, calls together: their tensors are joined by name, its outputs split. */
export function joinedRuns(model: Pick<ModelHandle, "run">): Pick<BatchCode, "invokeBatch"> {
  return {
    invokeBatch: async (values, ctx) => {
      // Reading has made each of them named tensors.
      const calls = values as readonly NamedTensors[];
      const [first] = calls;
      if (first === undefined) return [];
      // What goes with no other call comes alone: its tensors may have different rows.
      if (calls.length === 1) return [await runOwned(model, first, ctx)];
      const names = Object.keys(first);
      const of = (name: string): Tensor[] => calls.flatMap((call) => call[name] ?? []);
      const feeds = Object.fromEntries(names.map((name) => [name, joinRows(of(name))]));
      const counts = of(names[0] ?? "").map(({ shape }) => shape[0] ?? 0);
      return splitOutputs(await runOwned(model, feeds, ctx), counts);
    },
  };
}

/** Whether tensors go in and come out that leave their first size free, all of them: only then are there rows to join. */
export function haveRows(...specs: readonly IoSpec[]): boolean {
  return specs.every(
    (spec) => spec.kind === "tensors" && Object.values(spec.tensors).every(({ shape }) => shape[0] === null),
  );
}

/** Nobody looks at the feeds of a call again, so a thread may have their memory. */
function runOwned(
  model: Pick<ModelHandle, "run">,
  feeds: NamedTensors,
  ctx: Pick<Context, "api" | "deadline" | "signal"> & Traced & Bounded,
): Promise<NamedTensors> {
  const { api, deadline, [TRACE]: trace, [LONGEST_CALL]: longestMs } = ctx;
  const cancellation = cancellationOf(ctx);
  return model.run(feeds, {
    [CANCELLATION]: cancellation,
    [TRACE]: trace,
    [LONGEST_CALL]: longestMs,
    api,
    deadline,
    transferFeeds: true,
  });
}

function splitOutputs(outputs: NamedTensors, counts: readonly number[]): NamedTensors[] {
  const split = Object.entries(outputs).map(([name, tensor]) => [name, splitByCall(name, tensor, counts)] as const);
  return counts.map((_, call) =>
    Object.fromEntries(split.flatMap(([name, parts]) => (parts[call] === undefined ? [] : [[name, parts[call]]]))),
  );
}

function splitByCall(name: string, tensor: Tensor, counts: readonly number[]): Tensor[] {
  try {
    // Each part is of the type of the whole.
    return splitRows(tensor, counts) as Tensor[];
  } catch (cause) {
    throw new ServingError("INTERNAL", `the model's output "${name}" has no row for each of its inputs'`, { cause });
  }
}
