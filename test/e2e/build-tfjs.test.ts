import { cpSync, existsSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { describeWith } from "../support/needs.ts";
import { useProjects } from "../support/projects.ts";
import { bentoTs } from "../support/run-command.ts";
import { root, serve } from "../support/server-process.ts";

// Bentos are built, and many share the machine.
vi.setConfig({ testTimeout: 300_000 });

const { servers, project } = useProjects();
const PACKAGES = ["core", "converter", "layers", "backend-wasm"].map((name) => `@tensorflow/tfjs-${name}`);

/** A project with a TF.js model, and the packages that compute it in WebAssembly among its dependencies. */
function makeService(packages: readonly string[]): string {
  const dependencies = Object.fromEntries(packages.map((name) => [name, "4.22.0"]));
  const dir = project({
    "package.json": JSON.stringify({
      name: "web",
      type: "module",
      dependencies: { "@bento-ts/runtime": "0.1.0", ...dependencies },
    }),
    "service.ts": `import { api, service, tensor, tensorflow } from "@bento-ts/runtime";
@service({ name: "web", version: "1.0.0" })
export class Web {
  model = tensorflow("models/mlp-graph");
  @api({ input: tensor("float32", [null, 4]), output: tensor("float32", [null, 3]) })
  async predict(x) { return (await this.model.run({ x })).probabilities; }
}`,
  });
  if (packages.length > 0) symlinkSync(`${root}node_modules/@tensorflow`, join(dir, "node_modules/@tensorflow"));
  cpSync(`${root}test/models/tfjs/mlp-graph`, join(dir, "models/mlp-graph"), { recursive: true });
  return dir;
}

async function answers(bento: string, env: Readonly<Record<string, string>>): Promise<void> {
  const server = await serve(bento, { flags: ["--workers", "1"], env });
  servers.push(server);
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${server.url}/predict`, { method: "POST", headers, body: "[[1,2,3,4]]" });
  const [row] = (await answer.json()) as number[][];
  expect(row?.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
}

describe("a bento with a TF.js model, where the native TensorFlow is not installed", () => {
  it("has the packages of the project, of each what Node loads, and answers by WebAssembly", async () => {
    const dir = makeService(PACKAGES);
    const env = { BENTO_HOME: project({}) };
    const { code, stdout, stderr } = await bentoTs(["build", dir, "--no-image"], { env });
    expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
    expect(stdout + stderr).toMatch(/its TF\.js models are computed by WebAssembly/);
    const bento = join(dir, ".bento-ts/web-1.0.0");
    const files = readdirSync(join(bento, "node_modules/@tensorflow"), { recursive: true, encoding: "utf8" });
    expect(files).toContain("tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm");
    const bytes = files.reduce((sum, file) => {
      const found = statSync(join(bento, "node_modules/@tensorflow", file));
      return found.isFile() ? sum + found.size : sum;
    }, 0);
    expect(bytes).toBeLessThan(8_000_000);
    await answers(bento, env);
  });

  it("is not built without those packages, and the message names both ways", async () => {
    const { code, stderr } = await bentoTs(["build", makeService([]), "--no-image"], {
      env: { BENTO_HOME: project({}) },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /model "models\/mlp-graph" needs the native TensorFlow or TensorFlow\.js .*tensorflow install.*npm install/,
    );
  });
});

describeWith("native tensorflow", "a bento with a TF.js model, where the native TensorFlow is installed", () => {
  it("has that alone, whatever the project declares for WebAssembly", async () => {
    const dir = makeService(PACKAGES);
    const { code, stderr } = await bentoTs(["build", dir, "--no-image"]);
    expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
    const bento = join(dir, ".bento-ts/web-1.0.0");
    expect(existsSync(join(bento, "tensorflow/lib/napi-v8/tfjs_binding.node"))).toBe(true);
    expect(existsSync(join(bento, "node_modules/@tensorflow"))).toBe(false);
    await answers(bento, { BENTO_TENSORFLOW_DIR: join(bento, "tensorflow"), BENTO_HOME: project({}) });
  });
});
