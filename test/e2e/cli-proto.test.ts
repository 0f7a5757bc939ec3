import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { grpcClient } from "../support/grpc-client.ts";
import { useProjects } from "../support/projects.ts";
import { bentoTs, put } from "../support/run-command.ts";
import { root, serve } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const { project, servers } = useProjects();
const models = `${root}test/models`;

describe("bento-ts proto", () => {
  const service = (fields: string, more = ""): string => `
import { api, service, t } from "@bento-ts/runtime";
@service({ name: "pair", version: "1.0.0" })
export class Pair {
  @api({ input: t.Object({ ${fields} }), output: t.Number() })
  async minus({ a, b }: { a: number; b: number }): Promise<number> { return a - b; }
  ${more}
}`;
  const AB = service("a: t.Number(), b: t.Number()");
  const check = (dir: string): ReturnType<typeof bentoTs> => bentoTs(["proto", "--check"], { cwd: dir });

  it("writes the .proto, and keeps the numbers in the project", async () => {
    const dir = project({ "bento.yaml": "service: service.ts\n", "service.ts": AB });
    expect(await check(dir)).toEqual({
      code: 1,
      stdout: "",
      stderr: 'error: there is no bento.proto.json: run "bento-ts proto" and keep the file with the code\n',
    });
    const first = await bentoTs(["proto"], { cwd: dir });
    expect(first).toMatchObject({
      code: 0,
      stderr: "numbers of fields are kept in bento.proto.json: keep it with the code\n",
    });
    expect(first.stdout).toContain("  optional double a = 1;\n  optional double b = 2;\n");
    expect(await check(dir)).toEqual({ code: 0, stdout: "bento.proto.json holds every field\n", stderr: "" });
    expect(await bentoTs(["proto", "-o", "pair.proto"], { cwd: dir })).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(readFileSync(`${dir}/pair.proto`, "utf8")).toBe(first.stdout);
  });

  it("is what a server goes by, so that clients of before are understood when the order changes", async () => {
    const dir = project({ "bento.yaml": "service: service.ts\n", "service.ts": AB });
    await bentoTs(["proto", "-o", "pair.proto"], { cwd: dir });
    put(dir, { "service.ts": service("b: t.Number(), a: t.Number()") });
    const server = await serve(dir, { flags: ["--workers", "1", "--grpc-port", "0"] });
    servers.push(server);
    const client = grpcClient(server.grpcAddress, `${dir}/pair.proto`, "bento.pair.v1.Pair");
    expect(await client.call("Minus", [{ a: 7, b: 2 }])).toMatchObject({ code: 0, messages: [{ output: 5 }] });
    client.close();
  });

  it("tells with exit code 1 what clients of before would not understand, until that is accepted", async () => {
    const dir = project({ "bento.yaml": "service: service.ts\n", "service.ts": AB });
    await bentoTs(["proto"], { cwd: dir });
    put(dir, { "service.ts": service("a: t.String(), c: t.Number()") });
    const { code, stdout, stderr } = await check(dir);
    expect([code, stdout]).toEqual([
      1,
      `breaking: MinusRequest.a is string now, before it was double: clients made before don't know its new number
not recorded: MinusRequest.b is gone, its number 2 is not reserved yet
not recorded: MinusRequest.c is new
`,
    ]);
    expect(stderr).toBe(
      'error: clients made before don\'t understand this service: undo that, or accept it with "bento-ts proto"\n',
    );
    const accepted = await bentoTs(["proto"], { cwd: dir });
    expect(accepted.stderr).toContain("breaking: MinusRequest.a is string now");
    expect(accepted.stdout).toContain('  reserved 1, 2;\n  reserved "b";\n');
    expect((await check(dir)).code).toBe(0);
  });

  it("asks for a record that was not brought up to date", async () => {
    const dir = project({ "bento.yaml": "service: service.ts\n", "service.ts": AB });
    await bentoTs(["proto"], { cwd: dir });
    const more = "@api({ input: t.Number(), output: t.Number() }) same(x: number): number { return x; }";
    put(dir, { "service.ts": service("a: t.Number(), b: t.Number()", more) });
    expect(await check(dir)).toEqual({
      code: 1,
      stdout: "not recorded: method Same is new\n",
      stderr: 'error: bento.proto.json is not up to date: run "bento-ts proto" and keep the file with the code\n',
    });
  });

  it("refuses a record in which a number was used twice, and a server does not start with it", async () => {
    const dir = project({ "bento.yaml": "service: service.ts\n", "service.ts": AB });
    await bentoTs(["proto"], { cwd: dir });
    const text = readFileSync(`${dir}/bento.proto.json`, "utf8");
    put(dir, { "bento.proto.json": text.replace('"number": 2', '"number": 1') });
    const fault = 'Minus.request.b: number 1 belongs to "a": no number may be used again\n';
    for (const command of ["proto", "serve"]) {
      const { code, stderr } = await bentoTs([command], { cwd: dir });
      expect([command, code, stderr]).toEqual([command, 1, `error: bento.proto.json can't be used: ${fault}`]);
    }
  });

  it("writes nothing beside model files", async () => {
    const dir = project({});
    const model = await bentoTs(["proto", `${models}/add-one.onnx`], { cwd: dir });
    expect(model).toMatchObject({ code: 0, stderr: "" });
    expect(model.stdout).toContain(
      "message PredictRequest {\n  // Shape [-1,4], -1 is free.\n  Float32Tensor x = 1;\n}",
    );
    expect(existsSync(`${models}/bento.proto.json`)).toBe(false);
  });
});
