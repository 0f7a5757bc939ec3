import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { CONSENTS, HARDENED } from "../support/hardened.ts";
import { describeWith } from "../support/needs.ts";
import { bentoTs, makeProject, run } from "../support/run-command.ts";
import { eventually, root } from "../support/server-process.ts";

// Images of half a gigabyte are built.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

describeWith(["native tensorflow", "docker with a base image"], "images of services with a SavedModel", () => {
  const dirs: string[] = [];
  const out = mkdtempSync(join(tmpdir(), "bento-tensorflow-"));
  const docker = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run("docker", args);
    expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
    return stdout.trim();
  };

  /** Builds a service whose only API runs the float32 function of a committed SavedModel. */
  async function build(name: string, model: string, choice: string): Promise<void> {
    const dir = makeProject({
      "package.json": JSON.stringify({ name, type: "module", dependencies: { "@bento-ts/runtime": "0.1.0" } }),
      "service.ts": `import { api, service, tensor, tensorflow } from "@bento-ts/runtime";
@service({ name: ${JSON.stringify(name)}, version: "1.0.0" })
export class Own {
  model = tensorflow("models/${model}", { signature: ${JSON.stringify(choice)} });
  @api({ input: tensor("float32", [${model === "mlp" ? "null, 4" : "null"}]), output: tensor("float32", [null${model === "mlp" ? ", 3" : ""}]) })
  async predict(x) { return Object.values(await this.model.run({ x }))[0]; }
}`,
    });
    dirs.push(dir);
    cpSync(`${root}test/models/tensorflow/${model}`, join(dir, "models", model), { recursive: true });
    const flags = ["--builder", "docker", "--base-image", "bento-base:bookworm"];
    const { code, stderr } = await bentoTs(["build", dir, "-t", `bento-tf/${name}:1`, ...flags]);
    expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
  }

  const bento = (): string => join(dirs[0] ?? "", ".bento-ts/mlp-1.0.0");

  beforeAll(async () => {
    await build("mlp", "mlp", "serving_default");
    await build("twice", "kinds", "float32");
  });
  afterAll(async () => {
    for (const dir of [...dirs, out]) rmSync(dir, { recursive: true, force: true });
    await run("docker", ["rmi", "--force", "bento-tf/mlp:1", "bento-tf/twice:1"]);
  });

  it("hold the library and addon in a layer of its own that they share", async () => {
    const layersOf = async (image: string): Promise<readonly string[]> =>
      JSON.parse(await docker("inspect", "--format", "{{json .RootFS.Layers}}", image)) as string[];
    const [base, one, other] = [
      await layersOf("bento-base:bookworm"),
      await layersOf("bento-tf/mlp:1"),
      await layersOf("bento-tf/twice:1"),
    ];
    const plan = JSON.parse(readFileSync(join(bento(), "image.json"), "utf8")) as { layers: { name: string }[] };
    expect(plan.layers.map(({ name }) => name)).toEqual(["node", "tensorflow", "dependencies", "models", "code"]);
    expect(one.slice(0, base.length + 2)).toEqual(other.slice(0, base.length + 2));
    const native = ["sh", "-c", "find /app -name '*.so*' -o -name '*.node' | grep -v node-rs | sort"];
    expect((await docker("run", "--rm", "--entrypoint", "", "bento-tf/mlp:1", ...native)).split("\n")).toEqual([
      "/app/tensorflow/deps/lib/libtensorflow_cc.so.2",
      "/app/tensorflow/deps/lib/libtensorflow_framework.so.2",
      "/app/tensorflow/lib/napi-v8/tfjs_binding.node",
      expect.stringMatching(/^\/app\/tensorflow\/node_modules\/@koromix\/koffi-linux-\w+\/linux_\w+\/koffi\.node$/),
    ]);
  });

  it("name TensorFlow with version and digest in their bills of materials", () => {
    const bill = JSON.parse(readFileSync(join(bento(), "sbom.cdx.json"), "utf8")) as {
      components: { name: string; version?: string; hashes?: unknown[] }[];
    };
    const library = bill.components.find(({ name }) => name === "libtensorflow_cc");
    expect(library).toMatchObject({ version: "2.15.1", hashes: [{ alg: "SHA-256" }] });
    expect(bill.components.map(({ name }) => name)).toContain("koffi");
  });

  it("answer as strictly run as a cluster would, with half of a CPU and 512 MiB, and end in order", async () => {
    const id = await docker("run", "--detach", ...HARDENED, "-p", "127.0.0.1::3000", ...CONSENTS, "bento-tf/mlp:1");
    try {
      const address = (await docker("port", id, "3000/tcp")).split("\n")[0] ?? "";
      await eventually(
        async () => ((await fetch(`http://${address}/readyz`)).status === 200 ? true : undefined),
        120_000,
      );
      const answer = await fetch(`http://${address}/predict`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "[[0.5,0.5,0.5,0.5]]",
      });
      const row = ((await answer.json()) as number[][])[0] ?? [];
      // Softmax: whatever the weights are.
      expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
      await docker("stop", "--time", "60", id);
      expect(await docker("inspect", "--format", "{{.State.ExitCode}}", id)).toBe("0");
    } finally {
      await run("docker", ["rm", "--force", id]);
    }
  });
});
