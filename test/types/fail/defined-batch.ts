import { defineApi, t } from "@bento-ts/runtime";

const batch = { maxSize: 8, maxLatencyMs: 5 };

export const score = defineApi({ input: t.Number(), output: t.Number(), batch }, (inputs) => inputs.map(String)); // error TS2322
