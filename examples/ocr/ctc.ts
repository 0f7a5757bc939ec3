import type { TensorOf } from "@bento-ts/runtime";

/**
 * Reads the text out of a recogniser's scores by greedy CTC decoding: the best symbol of each step, repeats and blanks dropped.
 *
 * Shape: scores [1, steps, symbols], each step's scores sum to 1. Symbol 0 is the blank, then come `keys`, last the space. The confidence is the mean score of the kept
 * steps, 0 when none is kept. Source: Graves et al. 2006, "Connectionist Temporal Classification", best path decoding.
 */
export function readLine(scores: TensorOf<"float32">, keys: readonly string[]): { text: string; confidence: number } {
  const [, steps = 0, symbols = 0] = scores.shape;
  let text = "";
  let sum = 0;
  let kept = 0;
  let previous = 0;
  for (let step = 0; step < steps; step += 1) {
    const row = scores.data.subarray(step * symbols, (step + 1) * symbols);
    const best = indexOfLargest(row);
    if (best !== 0 && best !== previous) {
      text += keys[best - 1] ?? " ";
      sum += row[best] ?? 0;
      kept += 1;
    }
    previous = best;
  }
  // Sums of float32 can pass 1 by a rounding.
  return { text, confidence: kept === 0 ? 0 : Math.min(1, sum / kept) };
}

function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let index = 1; index < values.length; index += 1) {
    if ((values[index] ?? 0) > (values[best] ?? 0)) best = index;
  }
  return best;
}
