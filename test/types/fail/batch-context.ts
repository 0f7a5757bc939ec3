import { api, type Context, service, t } from "@bento-ts/runtime";

@service({ name: "batch-context" })
export class Wrong {
  @api({ input: t.Number(), output: t.String(), batch: { maxSize: 8, maxLatencyMs: 5 } }) // error TS1241
  score(inputs: readonly number[], ctx: Context): string[] {
    return inputs.map(() => ctx.requestId);
  }
}
