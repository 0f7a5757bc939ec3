import { api, service, t } from "@bento-ts/runtime";

@service({ name: "batch-result" })
export class Wrong {
  @api({ input: t.Number(), output: t.Number(), batch: { maxSize: 8, maxLatencyMs: 5 } }) // error TS1241
  score(inputs: readonly number[]): number {
    return inputs.length;
  }
}
