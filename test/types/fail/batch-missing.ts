import { api, service, t } from "@bento-ts/runtime";

@service({ name: "batch-missing" })
export class Wrong {
  @api({ input: t.Number(), output: t.Number() }) // error TS1241
  score(inputs: readonly number[]): number[] {
    return [...inputs];
  }
}
