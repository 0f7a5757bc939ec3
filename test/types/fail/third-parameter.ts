import { api, type Context, service, t } from "@bento-ts/runtime";

@service({ name: "third-parameter" })
export class Wrong {
  @api({ input: t.Number(), output: t.Number() }) // error TS1241
  score(input: number, ctx: Context, more: number): number {
    return input + more + ctx.deadline;
  }
}
