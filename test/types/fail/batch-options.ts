import { api, t } from "@bento-ts/runtime";

export const scored = api({ input: t.Number(), output: t.Number(), batch: { maxSize: 8 } }); // error TS2741
