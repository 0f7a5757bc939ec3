import { api, onnx, service, t, tensor, tensorflow, type TensorOf } from "@bento-ts/runtime";
import { createTestClient } from "@bento-ts/runtime/testing";
import { homedir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { describeWith } from "../../test/support/needs.ts";
import { heardNotes } from "./notes.ts";

const folder = join(process.env["BENTO_CACHE"] ?? join(homedir(), ".cache/bento-ts"), "models/pitch");
const SAMPLES = 43_844;
const RATE = 22_050;

/** A4 and C♯5 as two sines, 440 Hz and 440 · 2^(4/12) Hz. */
const chord = Float32Array.from({ length: SAMPLES }, (_, at) =>
  [440, 440 * 2 ** (4 / 12)].reduce((sum, hertz) => sum + 0.4 * Math.sin((2 * Math.PI * hertz * at) / RATE), 0),
);

@service({ name: "both" })
class Both {
  saved = tensorflow(join(folder, "nmp"), { run: "thread" });
  converted = onnx(join(folder, "nmp.onnx"), { run: "thread" });

  @api({
    input: tensor("float32", [null, SAMPLES, 1]),
    output: t.Object({ notes: t.Array(t.Integer()), difference: t.Number() }),
  })
  async compare(input: TensorOf<"float32">): Promise<{ notes: number[]; difference: number }> {
    const ours = await this.saved.run({ input_2: input });
    const theirs = await this.converted.run({ "serving_default_input_2:0": input });
    const { note } = ours;
    // The converter named the outputs anew: 1 is the contour's, notes and onsets have one shape.
    const byContent = (size: number) =>
      Object.values(theirs).filter(({ data }: { data: Float32Array }) => data.length === size);
    const differences = Object.values(ours).map(({ data }: { data: Float32Array }) =>
      Math.min(...byContent(data.length).map((other: { data: Float32Array }) => largest(data, other.data))),
    );
    return { notes: heardNotes(note), difference: Math.max(...differences) };
  }
}

describeWith(["native tensorflow", "notes model"], "the notes model as SavedModel and as ONNX", () => {
  it("hears A4 and C♯5 in both, and both agree", async () => {
    const client = await createTestClient(Both);
    try {
      const reply = await client.post("compare", new Uint8Array(chord.buffer));
      expect(reply.status).toBe(200);
      const { notes, difference } = reply.json<{ notes: number[]; difference: number }>();
      process.stdout.write(`largest difference of SavedModel and ONNX: ${difference}\n`);
      expect(notes).toEqual([69, 73]);
      expect(difference).toBeLessThan(1e-4);
    } finally {
      await client.close();
    }
  });
});

function largest(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] ?? Number.NaN))), 0);
}
