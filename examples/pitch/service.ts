import { homedir } from "node:os";
import { join } from "node:path";
import {
  api,
  type Context,
  type Infer,
  service,
  t,
  tensor,
  tensorflow,
  tensors,
  type TensorOf,
} from "@bento-ts/runtime";
import { heardNotes } from "./notes.ts";

// scripts/fetch-pitch-model.sh puts the model here; an image brings its own folder.
const folder =
  process.env["PITCH_MODEL_DIR"] ??
  join(process.env["BENTO_CACHE"] ?? join(homedir(), ".cache/bento-ts"), "models/pitch");

/** About two seconds of sound each: 43,844 samples at 22,050 Hz. */
const Windows = tensor("float32", [null, 43_844, 1]);
/** 172 frames a window; notes and onsets by the 88 keys of a piano, the contour by thirds of a semitone. */
const Activations = tensors({
  contour: { dtype: "float32", shape: [null, 172, 264] },
  note: { dtype: "float32", shape: [null, 172, 88] },
  onset: { dtype: "float32", shape: [null, 172, 88] },
});
type Activations = Infer<typeof Activations>;

/** Windows that one run computes: enough to fill the CPUs, few enough that answers come soon and memory stays small. */
const WINDOWS_A_RUN = 4;

/** Which notes sound in a recording, by Spotify's basic-pitch network as a SavedModel. */
@service({
  name: "pitch",
  version: "1.0.0",
  description: "Tells which notes sound in a recording.",
})
export class PitchService {
  network = tensorflow(join(folder, "nmp"), {
    outputs: { contour: "float32", note: "float32", onset: "float32" },
    run: "thread",
  });

  @api({
    input: Windows,
    output: Activations,
    summary: "What the network says of each window, some windows at a time: the answer is larger than the question",
    authorize: { allow: [{ groups: ["musicians"] }] },
  })
  async *activations(windows: TensorOf<"float32">, ctx: Context): AsyncGenerator<Activations> {
    for (const part of partsOf(windows)) yield await this.network.run({ input_2: part }, ctx);
  }

  @api({
    input: Windows,
    output: t.Array(t.Integer({ minimum: 21, maximum: 108 })),
    default: true,
    summary: "MIDI numbers of the notes that sound",
    authorize: { allow: [{ groups: ["musicians"] }] },
  })
  async notes(windows: TensorOf<"float32">, ctx: Context): Promise<number[]> {
    const heard = new Set<number>();
    for (const part of partsOf(windows)) {
      const { note } = await this.network.run({ input_2: part }, ctx);
      for (const midi of heardNotes(note)) heard.add(midi);
    }
    return [...heard].sort((a, b) => a - b);
  }
}

/** The windows in parts of a few; views, not copies. */
function* partsOf({
  shape: [count = 0, samples = 0, channels = 1],
  data,
}: TensorOf<"float32">): Generator<TensorOf<"float32">> {
  const size = samples * channels;
  for (let start = 0; start < count; start += WINDOWS_A_RUN) {
    const end = Math.min(count, start + WINDOWS_A_RUN);
    yield {
      dtype: "float32",
      shape: [end - start, samples, channels],
      data: data.subarray(start * size, end * size),
    };
  }
}
