import type { TensorOf } from "@bento-ts/runtime";

const KEYS = 88;
/** MIDI number of a piano's lowest key, A0. */
const LOWEST = 21;
/** A note that is held has a mean activation of more than a half in some window; overtones stay below. */
const HEARD = 0.5;

/** MIDI numbers of the notes that sound through a window, ascending. `note` is [windows, frames, 88], each in 0..1. */
export function heardNotes({ shape: [windows = 0, frames = 0], data }: TensorOf<"float32">): number[] {
  const heard = new Set<number>();
  for (let window = 0; window < windows; window++) {
    const start = window * frames * KEYS;
    for (let key = 0; key < KEYS; key++) {
      let sum = 0;
      for (let frame = 0; frame < frames; frame++) sum += data[start + frame * KEYS + key] ?? 0;
      if (sum > HEARD * frames) heard.add(LOWEST + key);
    }
  }
  return [...heard].sort((a, b) => a - b);
}
