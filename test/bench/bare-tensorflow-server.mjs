// The bare handler that TensorFlow models are measured against: fastify and @tensorflow/tfjs-node, nothing else.
// Arguments: folder of the prepared package, SavedModel, name of the input.
import { createRequire } from "node:module";
import { join } from "node:path";
import util from "node:util";
import Fastify from "fastify";

const [addonDir = "", model = "", input = ""] = process.argv.slice(2);
process.env["TF_CPP_MIN_LOG_LEVEL"] = "3";
// Two functions that it calls and Node ≥ 23 lacks.
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;
const tf = createRequire(join(addonDir, "package.json"))(addonDir);

const loaded = await tf.node.loadSavedModel(model);
const app = Fastify({ logger: false, bodyLimit: 128 * 1024 * 1024 });
app.get("/healthz", () => ({ live: true }));
app.post("/predict", async (request) => {
  const results = tf.tidy(() => {
    const outputs = loaded.predict({ [input]: tf.tensor(request.body[input]) });
    return Object.entries(outputs).map(([name, value]) => [name, value.arraySync()]);
  });
  return Object.fromEntries(results);
});
await app.listen({ host: "127.0.0.1", port: 0 });
process.stdout.write(`listening http://127.0.0.1:${app.server.address()?.port}\n`);
