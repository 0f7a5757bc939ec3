import { api, service, t } from "@bento-ts/runtime";

@service({ name: "batch-stream" })
export class Wrong {
  @api({ input: t.Number(), output: t.Number(), batch: { maxSize: 8, maxLatencyMs: 5 } }) // error TS1241
  async *score(inputs: readonly number[]): AsyncGenerator<number> {
    yield* inputs;
  }
}
