import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { api, bytes, type Context, type Infer, onnx, service, t } from "@bento-ts/runtime";
import { type ContentTypes, type MagikaConfig, featuresOf, verdictOf, verdictWithoutModel } from "./magika.ts";

// scripts/fetch-filetype-model.sh puts the files here; an image brings its own folder.
const folder =
  process.env["FILETYPE_MODEL_DIR"] ??
  join(process.env["BENTO_CACHE"] ?? join(homedir(), ".cache/bento-ts"), "models/filetype");

const Verdict = t.Object({
  label: t.String({ description: "Kind of file, as magika names it" }),
  mimeType: t.String(),
  modelLabel: t.String({ description: 'What the network said; "undefined" where it was not asked' }),
  score: t.Number({ minimum: 0, maximum: 1 }),
  overwriteReason: t.Union([t.Literal("none"), t.Literal("low_confidence"), t.Literal("overwrite_map")]),
});

/** Tells what kind of file some bytes are, by Google's magika network. */
@service({
  name: "filetype",
  version: "1.0.0",
  description: "Tells what kind of file some bytes are, whatever they are called.",
})
export class FiletypeService {
  network = onnx(join(folder, "model.onnx"), { outputs: { target_label: "float32" } });
  config = JSON.parse(readFileSync(join(folder, "config.min.json"), "utf8")) as MagikaConfig;
  types = JSON.parse(readFileSync(join(folder, "content_types_kb.min.json"), "utf8")) as ContentTypes;

  @api({ input: bytes(), output: Verdict, summary: "Tells the kind of the bytes in the body" })
  async identify(content: Uint8Array, ctx: Context): Promise<Infer<typeof Verdict>> {
    const features = featuresOf(content, this.config);
    if (features === undefined) return verdictWithoutModel(content, this.config, this.types);
    const { target_label } = await this.network.run(
      { bytes: { dtype: "int32", shape: [1, features.length], data: features } },
      ctx,
    );
    return verdictOf(target_label.data, this.config, this.types);
  }
}
