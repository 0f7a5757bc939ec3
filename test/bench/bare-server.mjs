// The bare handler that our server is measured against: fastify and onnxruntime-node, nothing else.
// Arguments: model file, workers (0 = this process), "frame" for the data-frame body of the boston service, "v2" for the body of the Open Inference Protocol.
// Plain JavaScript, as our server is when it is built. The vendor telemetry of ONNX Runtime is off here as in our server: it would be measured along.
process.env["ORT_DISABLE_TELEMETRY"] = "1";
import cluster from "node:cluster";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import Fastify from "fastify";
import { InferenceSession, Tensor } from "onnxruntime-node";

const [modelPath = "", workersText = "0", body = "nested"] = process.argv.slice(2);
const workers = Number(workersText);

if (cluster.isPrimary && workers > 0) {
  let listening = 0;
  cluster.on("listening", (_worker, address) => {
    listening += 1;
    if (listening === workers) process.stdout.write(`listening http://127.0.0.1:${address.port}\n`);
  });
  for (let count = 0; count < workers; count += 1) cluster.fork();
} else {
  // The handler of large bodies has no model.
  const session =
    body === "binary"
      ? undefined
      : await InferenceSession.create(readFileSync(modelPath), { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const app = Fastify({ logger: false, bodyLimit: 128 * 1024 * 1024 });
  app.get("/healthz", () => ({ live: true }));
  if (session === undefined) {
    app.addContentTypeParser("application/octet-stream", { parseAs: "buffer" }, (_request, bytes, done) =>
      done(null, bytes),
    );
    app.post("/v2/models/predict/infer", (request) => {
      const bytes = request.body;
      const length = Number(request.headers["inference-header-content-length"]);
      const { id } = JSON.parse(bytes.toString("utf8", 0, length));
      const sum = bytes.readFloatLE(length) + bytes.readFloatLE(bytes.length - 4);
      const output = { name: "output", shape: [1], datatype: "FP32", data: [sum] };
      return { model_name: "predict", model_version: "1", id, outputs: [output] };
    });
  } else if (body === "frame") {
    app.post("/score", async (request) => {
      const { df } = request.body;
      const names = Object.keys(df[0] ?? {});
      const data = new Float32Array(df.length * names.length);
      let at = 0;
      for (const row of df) for (const name of names) data[at++] = row[name] ?? 0;
      const { variable } = await session.run({ X: new Tensor("float32", data, [df.length, names.length]) });
      return Array.from(variable?.data);
    });
  } else if (body === "v2") {
    app.post("/v2/models/predict/infer", async (request) => {
      const { id, inputs } = request.body;
      const [input] = inputs;
      const data = Float32Array.from((input?.data ?? []).flat());
      const { y } = await session.run({ x: new Tensor("float32", data, input?.shape ?? []) });
      const output = { name: "y", shape: y?.dims, datatype: "FP32", data: Array.from(y?.data) };
      return { model_name: "predict", model_version: "1", id: id ?? randomUUID(), outputs: [output] };
    });
  } else {
    app.post("/predict", async (request) => {
      const { x } = request.body;
      const width = x[0]?.length ?? 0;
      const { y } = await session.run({ x: new Tensor("float32", Float32Array.from(x.flat()), [x.length, width]) });
      const [rows = 0, columns = 0] = y?.dims ?? [];
      const flat = Array.from(y?.data);
      return { y: Array.from({ length: rows }, (_, row) => flat.slice(row * columns, (row + 1) * columns)) };
    });
  }
  await app.listen({ host: "127.0.0.1", port: Number(process.env["PORT"] ?? 0) });
  const address = app.server.address();
  if (cluster.isPrimary)
    process.stdout.write(`listening http://127.0.0.1:${typeof address === "object" ? address?.port : ""}\n`);
}
