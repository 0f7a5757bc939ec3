import { api, createImage, type Image, image, service, t } from "@bento-ts/runtime";

const Small = image({ size: [32, 96], channels: "gray", layout: "nhwc", mean: 0.5, std: 0.5 });

@service({ name: "pictures" })
export class Pictures {
  @api({ input: Small, output: t.Object({ shape: t.Array(t.Number()), from: t.String(), darkest: t.Number() }) })
  async look(picture: Image) {
    const { shape, data } = picture.toTensor(); // (pixel / 255 − 0.5) / 0.5
    return { shape: [...shape], from: picture.format, darkest: Math.min(...data) };
  }

  @api({ input: image({ dtype: "uint8" }), output: image() })
  async thumbnail(picture: Image<"uint8">) {
    const { width, height, pixels } = await picture.resize({ height: 16 });
    const green = pixels.filter((_, at) => at % 3 === 1);
    return createImage({ width, height, channels: "gray", pixels: green });
  }
}
