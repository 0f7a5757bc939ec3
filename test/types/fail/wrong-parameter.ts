import { api, service, t } from "@bento-ts/runtime";

@service({ name: "wrong-parameter" })
export class Wrong {
  @api({ input: t.Object({ a: t.Number() }), output: t.Number() }) // error TS1241
  score(input: string): number {
    return input.length;
  }
}
