import { defineApi, t } from "@bento-ts/runtime";

export const mean = defineApi(
  { role: "aggregate", input: t.Number(), output: t.Number() },
  (inputs) => inputs.toFixed(2), // error TS2339
);
