import { api, service, t } from "@bento-ts/runtime";

@service({ name: "wrong-return" })
export class Wrong {
  @api({ input: t.Number(), output: t.Array(t.Number()) }) // error TS1241
  score(input: number): number {
    return input;
  }
}
