import { describe, expect, it } from "vitest";
import { t } from "../io/json/json-type.ts";
import { text } from "../io/text.ts";
import { api, service } from "./decorators.ts";
import { registeredService } from "./registered-service.ts";

const io = { input: text(), output: text() };

/** The error of what TypeScript or its types would refuse first; JavaScript authors have neither. */
function errorOf(define: () => unknown): unknown {
  try {
    return define();
  } catch (thrown) {
    return thrown;
  }
}

function refusal(message: string): unknown {
  return expect.objectContaining({ name: "ServingError", code: "INVALID_ARGUMENT", message });
}

const LEGACY =
  'was compiled as a legacy decorator: remove "experimentalDecorators" from tsconfig.json and let bento-ts, esbuild or TypeScript ≥ 5 lower the file';

describe("@api", () => {
  it("refuses a private method", () => {
    const define = (): unknown =>
      class {
        // oxlint-disable-next-line no-unused-private-class-members
        @api(io)
        #score(value: string): string {
          return value;
        }
      };
    expect(errorOf(define)).toEqual(refusal("@api belongs on a public instance method, #score is none"));
  });

  it("refuses a static method", () => {
    const define = (): unknown =>
      class {
        @api(io)
        static score(value: string): string {
          return value;
        }
      };
    expect(errorOf(define)).toEqual(refusal("@api belongs on a public instance method, score is none"));
  });

  it("refuses a method whose name is a symbol", () => {
    const define = (): unknown =>
      class {
        @api(io)
        [Symbol.iterator](value: string): string {
          return value;
        }
      };
    expect(errorOf(define)).toEqual(
      refusal("@api belongs on a public instance method, Symbol(Symbol.iterator) is none"),
    );
  });

  it("says that it was compiled as a legacy decorator when it is called with target, key and descriptor", () => {
    const legacy = (): unknown => Reflect.apply(api(io), undefined, [{}, "score", { value: () => "" }]);
    expect(errorOf(legacy)).toEqual(refusal(`@api ${LEGACY}`));
  });

  it("refuses a field and a getter", () => {
    const on = (kind: string) => (): unknown =>
      Reflect.apply(api(io), undefined, [undefined, { kind, name: "score", metadata: {} }]);
    expect(errorOf(on("field"))).toEqual(refusal("@api belongs on a method, it stands on a field"));
    expect(errorOf(on("getter"))).toEqual(refusal("@api belongs on a method, it stands on a getter"));
  });

  it("refuses options that mean nothing, that are none, and types that can't be used", () => {
    const withOptions = (options: unknown) => (): unknown => {
      const decorate: unknown = Reflect.apply(api, undefined, [options]);
      if (typeof decorate !== "function") throw new Error("expected a decorator");
      const context = { kind: "method", name: "score", private: false, static: false, metadata: {} };
      return Reflect.apply(decorate, undefined, [() => "", context]);
    };
    expect(errorOf(withOptions({ ...io, timeout: 1, retries: 2 }))).toEqual(
      refusal('API "score": unknown option timeout, retries'),
    );
    expect(errorOf(withOptions(undefined))).toEqual(
      refusal('API "score": expected options { input, output, … }, got undefined'),
    );
    expect(errorOf(withOptions({ input: io.input }))).toEqual(
      refusal(expect.stringMatching(/^API "score": its output type can't be used: ./)),
    );
  });

  it("refuses two methods of one name in one class, also where their parent has one of that name", () => {
    // Not a literal: the compiler would find the duplicate by itself.
    const name = ["sc", "ore"].join("");
    class Parent {
      @api(io)
      score(value: string): string {
        return value;
      }
    }
    const twice = (parent: new () => object) => (): unknown =>
      class Twice extends parent {
        @api(io)
        [name](value: string): string {
          return value;
        }
        @api(io)
        score(value: string): string {
          return value;
        }
      };
    const refused = refusal('@api: this class has two methods named "score"');
    expect(errorOf(twice(class {}))).toEqual(refused);
    expect(errorOf(twice(Parent))).toEqual(refused);
  });

  it("lets a subclass replace its parent's API once, and leaves the parent's as it was", () => {
    @service({ name: "parent" })
    class Parent {
      @api(io)
      score(value: string): string {
        return value;
      }
      @api(io)
      other(value: string): string {
        return value;
      }
    }
    @service({ name: "child" })
    class Child extends Parent {
      @api({ ...io, summary: "of the child" })
      override score(value: string): string {
        return value;
      }
    }
    const apisOf = (value: unknown): unknown =>
      registeredService(value)?.definition.apis.map(({ name, summary }) => ({ name, summary }));
    expect(apisOf(Parent)).toEqual([
      { name: "score", summary: "" },
      { name: "other", summary: "" },
    ]);
    expect(apisOf(Child)).toEqual([
      { name: "other", summary: "" },
      { name: "score", summary: "of the child" },
    ]);
  });
});

describe("@service", () => {
  it("says that it was compiled as a legacy decorator when it is called with the class alone", () => {
    const legacy = (): unknown => Reflect.apply(service({ name: "a" }), undefined, [class {}]);
    expect(errorOf(legacy)).toEqual(refusal(`@service ${LEGACY}`));
  });

  it("refuses to stand on a method", () => {
    const misplaced = (): unknown =>
      Reflect.apply(service({ name: "a" }), undefined, [() => "", { kind: "method", metadata: {} }]);
    expect(errorOf(misplaced)).toEqual(refusal("@service belongs on a class, it stands on a method"));
  });

  it("refuses options that mean nothing", () => {
    const options = { name: "a", verison: "1.0.0" };
    const define = (): unknown => {
      @service(options)
      class Typo {
        @api(io)
        score(value: string): string {
          return value;
        }
      }
      return Typo;
    };
    expect(errorOf(define)).toEqual(refusal('service "a": unknown option verison'));
  });

  it("marks the class that it stands on, not its subclasses or classes with APIs alone", () => {
    @service({ name: "marked" })
    class Marked {
      @api({ input: t.String(), output: t.String() })
      score(value: string): string {
        return value;
      }
    }
    class Unmarked extends Marked {}
    expect(registeredService(Marked)?.definition.name).toBe("marked");
    expect(registeredService(Unmarked)).toBeUndefined();
    expect(registeredService(undefined)).toBeUndefined();
  });
});
