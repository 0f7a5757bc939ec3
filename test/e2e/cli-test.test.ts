import { describe, expect, it, vi } from "vitest";
import { useProjects } from "../support/projects.ts";
import { bentoTs } from "../support/run-command.ts";
import { root, serve } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const { project, servers } = useProjects();

/** Halves numbers, but gives 0.26 for 0.5; fails for negative ones. */
const service = (examples: string): string => `
import { api, bytes, service, t, text } from "@bento-ts/runtime";
@service({ name: "golden", version: "1.0.0" })
export class Golden {
  @api({ input: t.Array(t.Number()), output: t.Object({ halves: t.Array(t.Number()) }), examples: ${examples} })
  async halve(list: number[]): Promise<{ halves: number[] }> {
    console.log("halving");
    if (list.some((n) => n < 0)) throw new TypeError("a bug of the author");
    return { halves: list.map((n) => (n === 0.5 ? 0.26 : n / 2)) };
  }
  @api({ input: bytes(), output: text() })
  async size(content: Uint8Array): Promise<string> { return String(content.length); }
  @api({ input: t.Number(), output: t.Number(), examples: [{ name: "counts", input: 3, output: [1, 2, 3] }] })
  async *count(n: number): AsyncGenerator<number> { for (let i = 1; i <= n; i += 1) yield i; }
}`;

describe("bento-ts test", () => {
  it("runs the golden examples of a project and tells the largest difference", async () => {
    const { code, stdout, stderr } = await bentoTs(["test", "examples/boston"]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^ok {5}score · ten rows  largest difference \S+ at \/\d, tolerance 0.001\n/);
    expect(stdout).toMatch(/\n2 ok, 0 failed\n$/);
    expect(code).toBe(0);
  });

  it("fails with the place of each difference, and passes what lies within the tolerance", async () => {
    const examples = `[
      { name: "within", input: [0.5, 4], output: { halves: [0.25, 2] }, tolerance: 0.0625 },
      { name: "beyond", input: "in.json", output: "out.json" },
      { name: "another shape", input: [2], output: { halfs: [1] } },
    ]`;
    const dir = project({ "service.ts": service(examples), "in.json": "[4, 0.5]", "out.json": '{"halves":[2,0.25]}' });
    const { code, stdout } = await bentoTs(["test", dir]);
    expect(code).toBe(1);
    expect(stdout.split("\n")).toEqual([
      "ok     halve · within  largest difference 0.01 at /halves/0, tolerance 0.0625",
      "failed halve · beyond  largest difference 0.01 at /halves/1, tolerance 0",
      "       /halves/1: expected 0.25 ± 0, got 0.26 (off by 0.01)",
      "failed halve · another shape",
      "       /halfs: expected a list of 1, got nothing",
      "       /halves: expected nothing, got a list of 1",
      "ok     count · counts  largest difference 0, tolerance 0",
      "2 ok, 2 failed",
      "",
    ]);
  });

  it("shows why the author's code failed", async () => {
    const dir = project({ "service.ts": service('[{ name: "broken", input: [-1], output: { halves: [0] } }]') });
    const { code, stdout } = await bentoTs(["test", dir]);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /failed halve · broken\n {7}expected status 200, got 500: .*\n {7}TypeError: a bug of the author\n {7}.*service\.ts:8/,
    );
  });

  it("prints JSON alone for scripts, whatever the service prints", async () => {
    const dir = project({ "service.ts": service('[{ name: "a", input: [2], output: { halves: [1] } }]') });
    const { code, stdout } = await bentoTs(["test", dir, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      { api: "halve", example: "a", ok: true, status: 200, largest: { difference: 0 } },
      { api: "count", example: "counts", ok: true },
    ]);
  });

  it("runs them against a server elsewhere", async () => {
    const server = await serve(`${root}examples/boston`, { flags: ["--workers", "1"] });
    servers.push(server);
    expect(await bentoTs(["test", "examples/boston", "--url", `${server.url}/`])).toMatchObject({ code: 0 });
    await server.stop();
    const { code, stdout } = await bentoTs(["test", "examples/boston", "--url", server.url]);
    expect(code).toBe(1);
    expect(stdout).toContain("ECONNREFUSED");
  });

  it("fails when there is nothing to run", async () => {
    const { code, stderr } = await bentoTs(["test", "test/models/add-one.onnx"]);
    expect([code, stderr]).toEqual([
      1,
      "error: add-one has no golden examples: give an API some, @api({ examples: [{ input, output }] })\n",
    ]);
  });

  it("hands on why the server did not start", async () => {
    const dir = project({
      "service.ts": service("[{ input: [2], output: { halves: [1] } }]")
        .replace("  @api", "  m = onnx('gone.onnx');\n  @api")
        .replace("{ api,", "{ onnx, api,"),
    });
    const { code, stderr } = await bentoTs(["test", dir]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*gone\.onnx/);
  });
});
