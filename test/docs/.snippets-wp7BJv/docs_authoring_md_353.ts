import { saveModel } from "@bento-ts/runtime";

const saved = await saveModel("forest:1.2.0", "out/forest.onnx", { metadata: { trainedOn: "2026-11-01" } });
console.log(saved.digest, saved.path);
