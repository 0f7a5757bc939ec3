import { describe, expect, it } from "vitest";
import { text } from "../io/text.ts";
import { createService } from "./create-service.ts";
import { defineApi } from "./define-api.ts";
import { serviceClass } from "./define-service-class.ts";
import { registeredService } from "./registered-service.ts";

const io = { input: text(), output: text() };

describe("serviceClass with defineApi", () => {
  it("describes the fields that hold an API, in their order, and leaves the others out", () => {
    const Plain = serviceClass(
      { name: "plain", version: "1.2.3" },
      class {
        second = defineApi(io, (value) => value);
        count = 3;
        helper = (value: string): string => value;
        first = defineApi({ ...io, default: true, timeoutMs: 50 }, (value) => value);
      },
    );
    const apis = registeredService(Plain)?.definition.apis;
    expect(apis?.map(({ name, default: isDefault, timeoutMs }) => ({ name, isDefault, timeoutMs }))).toEqual([
      { name: "second", isDefault: false, timeoutMs: null },
      { name: "first", isDefault: true, timeoutMs: 50 },
    ]);
  });

  it("refuses a field's options that mean nothing", () => {
    const options = { ...io, timeout: 5 };
    const Plain = serviceClass(
      { name: "plain" },
      class {
        score = defineApi(options, (value) => value);
      },
    );
    expect(() => registeredService(Plain)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: 'API "score": unknown option timeout' }),
    );
  });

  it("refuses a class without any API", () => {
    const Empty = serviceClass({ name: "empty" }, class {});
    expect(() => registeredService(Empty)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message:
          'service "empty" can\'t be defined:\n  /apis: expected at least one API: decorate a method with @api({ input, output })',
      }),
    );
  });

  it("refuses an API that every object has under that name", () => {
    const Shadow = serviceClass(
      { name: "shadow" },
      class {
        hasOwnProperty = defineApi(io, (value) => value);
      },
    );
    expect(() => registeredService(Shadow)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining('every object has a "hasOwnProperty"'),
      }),
    );
  });

  it("refuses to serve an object that lost a described method", () => {
    let isFirst = true;
    const Fickle = serviceClass(
      { name: "fickle" },
      class {
        constructor() {
          if (isFirst) Object.assign(this, { score: defineApi(io, (value) => value) });
          isFirst = false;
        }
      },
    );
    const registered = registeredService(Fickle);
    if (registered === undefined) throw new Error("expected a service");
    expect(() => createService(registered)).toThrow(
      expect.objectContaining({
        code: "FAILED_PRECONDITION",
        message: 'service "fickle": method "score" is no function on its object',
      }),
    );
  });
});
