import { expect, it } from "vitest";
import { defineService } from "../definition/define-service.ts";
import { ownerOfPredict } from "./predict-owner.ts";

const define = (name: string) =>
  defineService({
    name: "a",
    apis: [{ name, input: { kind: "text", maxLength: null }, output: { kind: "text", maxLength: null } }],
  });

it.each([
  ["score", true, true, "seldon"],
  ["score", true, "only", "seldon"],
  ["score", true, false, "native"],
  ["predict", true, true, "native"],
  ["predict", true, "only", "seldon"],
  ["predict", false, true, "seldon"],
  ["predict", true, false, "native"],
] as const)("an API named %s, native %s, seldon %s: /predict is %s", (name, native, seldon, owner) => {
  expect(ownerOfPredict({ native, seldon }, define(name))).toBe(owner);
});
