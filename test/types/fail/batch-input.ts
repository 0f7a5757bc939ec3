import { api, service, t } from "@bento-ts/runtime";

@service({ name: "batch-input" })
export class Wrong {
  @api({ input: t.Number(), output: t.Number(), batch: { maxSize: 8, maxLatencyMs: 5 } }) // error TS1241
  score(input: number): number[] {
    return [input];
  }
}
