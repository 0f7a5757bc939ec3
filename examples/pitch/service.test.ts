import { api, onnx, service, t, tensor, tensorflow, type TensorOf } from "@bento-ts/runtime";
import { createTestClient } from "@bento-ts/runtime/testing";
import { homedir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { describeWith } from "../../test/support/needs.ts";
import { heardNotes } from "./notes.ts";

const models = join(process.env["BENTO_CACHE"] ?? join(homedir(), ".cache/bento-ts"), "models");
const SAMPLES = 43_844;
const RATE = 22_050;

/** A4 and C♯5 as two sines, 440 Hz and 440 · 2^(4/12) Hz. */
const chord = Float32Array.from({ length: SAMPLES }, (_, at) =>
  [440, 440 * 2 ** (4 / 12)].reduce((sum, hertz) => sum + 0.4 * Math.sin((2 * Math.PI * hertz * at) / RATE), 0),
);

@service({ name: "parity" })
class Parity {
  saved = tensorflow(join(models, "pitch/nmp"), { run: "thread" });
  graph = tensorflow(join(models, "pitch-web"), { run: "thread" });
  converted = onnx(join(models, "pitch/nmp.onnx"), { run: "thread" });

  @api({
    input: tensor("float32", [null, SAMPLES, 1]),
    output: t.Object({ notes: t.Array(t.Array(t.Integer())), differences: t.Array(t.Number()) }),
  })
  async compare(input: TensorOf<"float32">): Promise<{ notes: number[][]; differences: number[] }> {
    const saved = await this.saved.run({ input_2: input });
    const others = [
      await this.graph.run({ input_2: input }),
      await this.converted.run({ "serving_default_input_2:0": input }),
    ];
    const matched = others.map((other) => alike(saved, other));
    return {
      notes: [saved, ...matched].map(({ note }) => (note === undefined ? [] : heardNotes(note))),
      differences: matched.map((other) =>
        Math.max(
          ...Object.entries(saved).map(([name, { data }]) => largest(data, other[name]?.data ?? new Float32Array())),
        ),
      ),
    };
  }
}

type Outputs = Readonly<Record<string, TensorOf<"float32">>>;

/** The outputs under our names: converters named them anew, and notes and onsets have one shape, so the closest ones count. */
function alike(ours: Outputs, theirs: Outputs): Outputs {
  return Object.fromEntries(
    Object.entries(ours).flatMap(([name, { data }]) => {
      const candidates = Object.values(theirs).filter((other) => other.data.length === data.length);
      const [closest] = candidates.sort((a, b) => largest(data, a.data) - largest(data, b.data));
      return closest === undefined ? [] : [[name, closest] as const];
    }),
  );
}

describeWith(["native tensorflow", "notes model", "web notes model"], "the notes model in three formats", () => {
  it("hears A4 and C♯5 as SavedModel, TF.js GraphModel and ONNX, and all agree", async () => {
    const client = await createTestClient(Parity);
    try {
      const reply = await client.post("compare", new Uint8Array(chord.buffer));
      expect(reply.status).toBe(200);
      const { notes, differences } = reply.json<{ notes: number[][]; differences: number[] }>();
      process.stdout.write(
        `largest difference from the SavedModel: GraphModel ${differences[0]}, ONNX ${differences[1]}\n`,
      );
      expect(notes).toEqual([
        [69, 73],
        [69, 73],
        [69, 73],
      ]);
      expect(Math.max(...differences)).toBeLessThan(1e-4);
    } finally {
      await client.close();
    }
  });
});

function largest(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] ?? Number.NaN))), 0);
}
