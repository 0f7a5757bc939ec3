import { api, service, t } from "@bento-ts/runtime";

@service({ name: "service-constructor" }) // error TS1238
export class Wrong {
  constructor(readonly factor: number) {}

  @api({ input: t.Number(), output: t.Number() })
  score(input: number): number {
    return input * this.factor;
  }
}
