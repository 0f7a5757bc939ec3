import { api, service, t } from "@bento-ts/runtime";

@service({ name: "wrong-promise" })
export class Wrong {
  @api({ input: t.Number(), output: t.Number() }) // error TS1241
  async score(input: number): Promise<string> {
    return String(input);
  }
}
