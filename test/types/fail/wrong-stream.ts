import { api, service, t } from "@bento-ts/runtime";

@service({ name: "wrong-stream" })
export class Wrong {
  @api({ input: t.Number(), output: t.Number() }) // error TS1241
  async *score(input: number): AsyncGenerator<string> {
    yield String(input);
  }
}
