import { defineApi, t } from "@bento-ts/runtime";

export const choose = defineApi({ role: "router", input: t.Number(), output: t.Number() }, () => 1); // error TS2820
