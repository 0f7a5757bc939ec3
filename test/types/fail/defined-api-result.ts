import { defineApi, t } from "@bento-ts/runtime";

export const score = defineApi({ input: t.Number(), output: t.Number() }, async (input) => String(input)); // error TS2322
