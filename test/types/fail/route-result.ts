import { api, service, t } from "@bento-ts/runtime";

@service({ name: "route-result" })
export class Wrong {
  @api({ role: "route", input: t.Number() }) // error TS1241
  choose(input: number): string {
    return String(input);
  }
}
