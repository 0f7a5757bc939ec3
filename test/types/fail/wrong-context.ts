import { api, service, t } from "@bento-ts/runtime";

@service({ name: "wrong-context" })
export class Wrong {
  @api({ input: t.Number(), output: t.Number() }) // error TS1241
  score(input: number, ctx: { nothing: string }): number {
    return input + ctx.nothing.length;
  }
}
