import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: "float32";
}

/** Pictures of 160 × 160; channels behind each depthwise block, those with a stride of 2 marked. Source: MobileNet (v1) with a width of 0.5. */
const SIZE = 160;
const BLOCKS = [
  [32, 1],
  [64, 2],
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [256, 1],
  [256, 1],
  [512, 2],
  [512, 1],
] as const;

/** Writes a network with the layers of MobileNet and made-up weights into a folder, as a LayersModel; `x_input` [N,160,160,3] → `classes` [N,10]. */
export function writeMobileNetLike(dir: string): void {
  const weights: Weight[] = [];
  const layer = (class_name: string, name: string, config: object): object => ({
    class_name,
    config: { name, ...config },
  });
  const convolution = (name: string, shape: readonly [number, number, number, number], strides: number, first = {}) => {
    weights.push(
      { name: `${name}/kernel`, shape, dtype: "float32" },
      { name: `${name}/bias`, shape: [shape[3]], dtype: "float32" },
    );
    const config = {
      filters: shape[3],
      kernel_size: shape.slice(0, 2),
      strides: [strides, strides],
      padding: "same",
      activation: "relu6",
    };
    return layer("Conv2D", name, { ...config, ...first });
  };
  const layers = [convolution("x", [3, 3, 3, 16], 2, { batch_input_shape: [null, SIZE, SIZE, 3], dtype: "float32" })];
  let channels = 16;
  for (const [at, [filters, strides]] of BLOCKS.entries()) {
    weights.push({ name: `deep${at}/depthwise_kernel`, shape: [3, 3, channels, 1], dtype: "float32" });
    const config = {
      kernel_size: [3, 3],
      strides: [strides, strides],
      padding: "same",
      activation: "relu6",
      use_bias: false,
    };
    layers.push(layer("DepthwiseConv2D", `deep${at}`, config), convolution(`wide${at}`, [1, 1, channels, filters], 1));
    channels = filters;
  }
  layers.push(
    layer("GlobalAveragePooling2D", "pool", {}),
    layer("Dense", "classes", { units: 10, activation: "softmax" }),
  );
  weights.push(
    { name: "classes/kernel", shape: [channels, 10], dtype: "float32" },
    { name: "classes/bias", shape: [10], dtype: "float32" },
  );
  mkdirSync(dir, { recursive: true });
  const values = weights.flatMap(({ shape }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    // Small, so that nothing overflows, and never 0, which costs less.
    return Array.from({ length: count }, (_, at) => Math.sin(at + 1) / Math.sqrt(count / (shape.at(-1) ?? 1)));
  });
  writeFileSync(join(dir, "weights.bin"), Float32Array.from(values));
  const modelTopology = { class_name: "Sequential", config: { name: "mobilenet-like", layers } };
  const weightsManifest = [{ paths: ["weights.bin"], weights }];
  writeFileSync(join(dir, "model.json"), JSON.stringify({ format: "layers-model", modelTopology, weightsManifest }));
}
