import { api, service, t } from "@bento-ts/runtime";

@service({ name: "on-a-field" })
export class Wrong {
  @api({ input: t.Number(), output: t.Number() }) // error TS1240
  score = (input: number): number => input;
}
