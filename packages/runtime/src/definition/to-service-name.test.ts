import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defineService } from "./define-service.ts";
import { toServiceName } from "./to-service-name.ts";

describe("toServiceName", () => {
  it.each([
    ["bos_rf", "bos-rf"],
    ["My Iris 2", "my-iris-2"],
    ["2024.model", "model-2024-model"],
    ["___", "model"],
    ["Über Größe", "ber-gr-e"],
  ])("makes %j into %j", (text, name) => {
    expect(toServiceName(text)).toBe(name);
  });

  it("gives a name that a service may have, whatever the text", () => {
    const api = {
      name: "predict",
      input: { kind: "text", maxLength: null },
      output: { kind: "text", maxLength: null },
    } as const;
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 100 }), (text) => {
        const name = toServiceName(text);
        expect(defineService({ name, apis: [api] }).name).toBe(name);
      }),
    );
  });
});
