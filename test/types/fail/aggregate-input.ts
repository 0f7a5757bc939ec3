import { api, service, t } from "@bento-ts/runtime";

@service({ name: "aggregate-input" })
export class Wrong {
  @api({ role: "aggregate", input: t.Number(), output: t.Number() }) // error TS1241
  mean(input: number): number {
    return input;
  }
}
