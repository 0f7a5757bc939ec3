import { api, service, t } from "@bento-ts/runtime";

@service({ name: "route-output" })
export class Wrong {
  @api({ role: "route", input: t.Number(), output: t.Number() }) // error TS2322
  choose(input: number): number {
    return input;
  }
}
