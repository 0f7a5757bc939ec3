import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IoSpec } from "../io/types.ts";
import { type ApiInput, defineService } from "./define-service.ts";
import { RESERVED_NAMES } from "./reserved.ts";

const text: IoSpec = { kind: "text", maxLength: null };
const api = (name: string, more: Partial<ApiInput> = {}): ApiInput => ({ name, input: text, output: text, ...more });

describe("defineService", () => {
  it("gives a definition that equals what JSON makes of it", () => {
    const definition = defineService({
      name: "boston",
      version: "1.4.0",
      config: { server: { workers: 2 } },
      apis: [
        api("score", { examples: [{ input: "in.json", output: [1, 2], tolerance: 1e-3 }] }),
        api("explainIt", { default: true }),
      ],
    });
    expect(JSON.parse(JSON.stringify(definition))).toEqual(definition);
    expect(definition.apis[0]?.examples[0]).toEqual({
      name: "example 1",
      input: { file: "in.json" },
      output: { json: [1, 2] },
      tolerance: 1e-3,
    });
  });

  it("freezes the definition to its leaves and leaves the author's object as it was", () => {
    const config = { server: { workers: 2 } };
    const definition = defineService({ name: "a", config, apis: [api("score")] });
    expect(Object.isFrozen(definition.apis[0]?.input)).toBe(true);
    expect(Object.isFrozen(definition.config["server"])).toBe(true);
    expect(Object.isFrozen(config)).toBe(false);
  });

  it("makes the only API the default one, and none of several unless one is marked", () => {
    expect(defineService({ name: "a", apis: [api("score")] }).apis.map((one) => one.default)).toEqual([true]);
    expect(defineService({ name: "a", apis: [api("b"), api("c")] }).apis.map((one) => one.default)).toEqual([
      false,
      false,
    ]);
  });

  it("makes the only API that predicts the default one, whatever other roles there are", () => {
    const apis = [api("learn", { role: "feedback" }), api("score"), api("choose", { role: "route" })];
    expect(defineService({ name: "a", apis }).apis.map((one) => one.default)).toEqual([false, true, false]);
    const router = defineService({ name: "a", apis: [api("choose", { role: "route" })] });
    expect(router.apis.map((one) => one.default)).toEqual([false]);
  });

  it("refuses two APIs of one role, a stream of a role that answers at once and a default that predicts nothing", () => {
    const define = (): unknown =>
      defineService({
        name: "a",
        apis: [
          api("one", { role: "route" }),
          api("two", { role: "route" }),
          api("tail", { role: "aggregate", stream: true }),
          api("learn", { role: "feedback", default: true }),
          api("why", { role: "explain" }),
          api("how", { role: "explain", stream: true }),
        ],
      });
    expect(define).toThrow(
      expect.objectContaining({
        problems: [
          { path: "/apis/tail", message: 'the role "aggregate" is answered at once, not by a stream' },
          { path: "/apis/learn/default", message: 'only an API with the role "predict" may be the default' },
          { path: "/apis/two/role", message: 'only one API may have the role "route", "one" has it' },
        ],
      }),
    );
  });

  it("lists every fault at once, by its place", () => {
    const wrong = {
      name: "No Spaces",
      version: "one",
      apis: [api("docs"), api("x y"), api("ok"), api("ok", { timeoutMs: -1 })],
    };
    expect(() => defineService(wrong)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        problems: [
          { path: "/name", message: expect.stringContaining('got "No Spaces"') },
          { path: "/version", message: expect.stringContaining('got "one"') },
          { path: "/apis/docs", message: expect.stringContaining("fixed route") },
          { path: "/apis/x y", message: expect.stringContaining("letters, digits and _") },
          { path: "/apis/ok", message: "is defined twice" },
          { path: "/apis/ok/timeoutMs", message: "expected milliseconds > 0, got -1" },
        ],
      }),
    );
  });

  it.each(["docs", "healthz", "readyz", "metrics", "v1", "v2", "api", "route", "aggregate", "metadata", "health"])(
    "refuses an API named like the fixed route %s",
    (name) => {
      expect(() => defineService({ name: "a", apis: [api(name)] })).toThrow(/fixed route/);
    },
  );

  it.each(["toString", "valueOf", "hasOwnProperty", "isPrototypeOf", "toLocaleString"])(
    "refuses an API named %s, which every object has",
    (name) => {
      expect(() => defineService({ name: "a", apis: [api(name)] })).toThrow(
        expect.objectContaining({
          code: "INVALID_ARGUMENT",
          problems: [{ path: `/apis/${name}`, message: `every object has a "${name}": give the method another name` }],
        }),
      );
    },
  );

  it.each(["__proto__", "__defineGetter__"])("refuses an API named %s by its first letter", (name) => {
    expect(() => defineService({ name: "a", apis: [api(name)] })).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining(
          `/apis/${name}: expected a name of letters, digits and _, beginning with a letter`,
        ),
      }),
    );
  });

  it("allows an API named predict", () => {
    expect(RESERVED_NAMES.has("predict")).toBe(false);
    expect(defineService({ name: "a", apis: [api("predict")] }).apis[0]?.name).toBe("predict");
  });

  it("refuses two defaults and a service without APIs", () => {
    expect(() => defineService({ name: "a", apis: [] })).toThrow(/at least one API/);
    expect(() =>
      defineService({ name: "a", apis: [api("b", { default: true }), api("c", { default: true })] }),
    ).toThrow(/only one API may be the default/);
  });

  it("refuses configuration that JSON would lose", () => {
    const config = { image: { env: { A: Number.NaN } } };
    expect(() => defineService({ name: "a", config, apis: [api("b")] })).toThrow(
      /\/config\/image\/env\/A: expected JSON data, got NaN/,
    );
  });

  it("survives JSON for any JSON configuration, __proto__ keys included", () => {
    // JSON has no negative zero: it is the one number that a round trip changes.
    const json = fc
      .jsonValue()
      .filter(
        (value) => !JSON.stringify(value, (_key, item) => (Object.is(item, -0) ? "<-0>" : item)).includes("<-0>"),
      );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), (config) => {
        const definition = defineService({ name: "a", config: config as never, apis: [api("b")] });
        expect(JSON.parse(JSON.stringify(definition))).toEqual(definition);
      }),
    );
  });
});
