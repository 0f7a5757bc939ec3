import { api, service, t } from "@bento-ts/runtime";

@service({ name: "transform-stream" })
export class Wrong {
  @api({ role: "transformInput", input: t.Number(), output: t.Number() }) // error TS1241
  async *scale(input: number): AsyncGenerator<number> {
    yield input;
  }
}
