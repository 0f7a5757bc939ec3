import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, expectTypeOf, it } from "vitest";
import type { NamedTensors, TensorOf } from "../tensor/tensor.ts";
import { onnx } from "./handle.ts";
import { collectHandles } from "./handle-registry.ts";
import type { ManagedModel, ModelHost } from "./types.ts";

const baseDir = fileURLToPath(new URL("../../../../test/models/", import.meta.url));
const host: ModelHost = { baseDir, storeDir: `${baseDir}no-store`, cpus: 1, digests: {} };
const row = (...values: number[]): NamedTensors => ({
  x: { dtype: "float32", shape: [values.length / 4, 4], data: new Float32Array(values) },
});

let models: ManagedModel[] = [];

afterEach(async () => {
  for (const model of models.splice(0)) await model.dispose();
});

/** A handle as a server brings it up. */
async function loaded<H>(make: () => H, on: ModelHost = host): Promise<H> {
  const { result, handles } = await collectHandles(make);
  models = [...models, ...handles];
  for (const model of handles) await model.load(on);
  return result;
}

describe("onnx", () => {
  it("runs a model and gives its tensors by name", async () => {
    const handle = await loaded(() => onnx("add-one.onnx"));
    // As written in a service under noUncheckedIndexedAccess.
    const { y } = await handle.run(row(1, 2, 3, 4), { signal: new AbortController().signal });
    const values: number[] = Array.from(y.data);
    expect(values).toEqual([2, 3, 4, 5]);
    expect((await handle.run(row(1, 2, 3, 4)))["z"]).toBeUndefined();
  });

  it("types the tensors whose dtypes are declared, by the option or by the type argument", async () => {
    const handle = await loaded(() => onnx("two-inputs.onnx", { outputs: { sum: "float32" } }));
    const a = row(1, 2, 3, 4)["x"];
    const b = row(4, 3, 2, 1)["x"];
    if (a === undefined || b === undefined) throw new Error("unreachable");
    const { sum, ...others } = await handle.run({ a, b });
    expectTypeOf(sum).toEqualTypeOf<TensorOf<"float32">>();
    expect(Array.from(sum.data)).toEqual([5, 5, 5, 5]);
    // What is not declared is not computed.
    expect(others).toEqual({});
    const typed = onnx<{ variable: "float32"; ids: "int64" }>("never-loaded.onnx");
    expectTypeOf<Awaited<ReturnType<typeof typed.run>>>().toEqualTypeOf<{
      readonly variable: TensorOf<"float32">;
      readonly ids: TensorOf<"int64">;
    }>();
  });

  it("tells names, dtypes and shapes once it is loaded", async () => {
    const handle = await loaded(() => onnx("scalar.onnx"));
    expect(handle).toMatchObject({ source: "scalar.onnx", engine: "onnx" });
    expect(handle.info.inputs).toEqual([
      { name: "factor", dtype: "int64", shape: [] },
      { name: "x", dtype: "float32", shape: ["n"] },
    ]);
  });

  it("checks feeds before the engine sees them, which would ignore an unknown name", async () => {
    const handle = await loaded(() => onnx("add-one.onnx"));
    await expect(
      handle.run({ ...row(1, 2, 3, 4), extra: { dtype: "bool", shape: [], data: new Uint8Array(1) } }),
    ).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: 'unknown input "extra"; the model expects x: float32 [N,4]',
    });
  });

  it("says that it is not loaded, by the model's name without its folder", async () => {
    const handle = onnx("/srv/secret-folder/fraud.onnx");
    const refusal = {
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(/^model "fraud\.onnx" is not loaded: the server loads it before/),
    };
    await expect(handle.run({})).rejects.toMatchObject(refusal);
    expect(() => handle.info).toThrow(expect.objectContaining(refusal));
  });

  it("loads the engine's native addon with the first model, not before", async () => {
    const code = `
      import { onnx } from ${JSON.stringify(new URL("./handle.ts", import.meta.url).href)};
      import { collectHandles } from ${JSON.stringify(new URL("./handle-registry.ts", import.meta.url).href)};
      import ${JSON.stringify(new URL("./store/index.ts", import.meta.url).href)};
      const addons = () => process.report.getReport().sharedObjects.filter((path) => path.includes("onnxruntime_binding")).length;
      const { handles: [model] } = await collectHandles(() => onnx("add-one.onnx"));
      const before = addons();
      await model.load(${JSON.stringify(host)});
      console.log(before, addons());`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code]);
    expect(stdout).toBe("0 1\n");
  });
});

describe("runs of inline models", () => {
  it("leave the event loop a turn between any two that are long, whichever model they belong to", async () => {
    const [one, two] = await loaded(() => [
      onnx("slow-90ms.onnx", { run: "inline" }),
      onnx("slow-90ms.onnx", { run: "inline" }),
    ]);
    const order: string[] = [];
    const note = (name: string) => (): unknown => order.push(name);
    let turns = 0;
    const turn = (): void => {
      order.push(`turn ${(turns += 1)}`);
      if (turns < 5) setImmediate(turn);
    };
    setImmediate(turn);
    const runs = [
      one?.run(row(1, 2, 3, 4)).then(note("one")),
      two?.run(row(1, 2, 3, 4)).then(note("two")),
      one?.run(row(1, 2, 3, 4)).then(note("three")),
    ];
    await Promise.all(runs);
    const between = (from: string, to: string): string[] => order.slice(order.indexOf(from) + 1, order.indexOf(to));
    expect(between("one", "two").some((entry) => entry.startsWith("turn"))).toBe(true);
    expect(between("two", "three").some((entry) => entry.startsWith("turn"))).toBe(true);
  });

  it("are dropped when they are aborted while others run", async () => {
    const [one, two] = await loaded(() => [onnx("slow-90ms.onnx", { run: "inline" }), onnx("add-one.onnx")]);
    const controller = new AbortController();
    const slow = one?.run(row(1, 2, 3, 4));
    const waiting = two?.run(row(1, 2, 3, 4), { signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await slow).toEqual({ y: row(1, 2, 3, 4)["x"] });
  });
});

describe("options of onnx", () => {
  const optionsOf = (options: unknown) => () => onnx("m.onnx", options as never);
  const refusal = (message: string): unknown => expect.objectContaining({ code: "INVALID_ARGUMENT", message });

  it("are checked where they are written, all at once", () => {
    expect(
      optionsOf({
        thread: 2,
        run: "threads",
        threads: 0,
        pool: 1.5,
        sessionOptions: { graphOptimisationLevel: "all" },
      }),
    ).toThrow(
      refusal(
        'onnx("m.onnx"): unknown option thread (did you mean threads?); run: expected "auto" or "inline" or "thread"; ' +
          "threads: expected a whole number from 1 to 256; pool: expected a whole number from 1 to 256; " +
          "unknown option sessionOptions.graphOptimisationLevel (did you mean sessionOptions.graphOptimizationLevel?)",
      ),
    );
    expect(optionsOf({ warmup: { x: [-1, 2] } })).toThrow(
      refusal(
        'onnx("m.onnx"): warmup: expected false, or shapes by input name with sizes ≥ 0, such as { x: [1, 3, 224, 224] }',
      ),
    );
    expect(optionsOf({ outputs: { y: "float" } })).toThrow(
      refusal('onnx("m.onnx"): outputs: expected element types by output name, such as { variable: "float32" }'),
    );
    expect(optionsOf(null)).toThrow(refusal('onnx("m.onnx"): expected an object of options'));
    expect(() => onnx("")).toThrow(refusal('onnx(""): expected a path or a store tag `name:version` as the source'));
  });

  it("may be left out or undefined", () => {
    expect(
      optionsOf({ run: undefined, threads: undefined, warmup: undefined, outputs: undefined, sessionOptions: {} }),
    ).not.toThrow();
  });
});
