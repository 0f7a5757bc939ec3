import { api, service, t } from "@bento-ts/runtime";

@service({ name: "unknown-option" })
export class Wrong {
  @api({ input: t.Number(), output: t.Number(), timeout: 5 }) // error TS2561
  score(input: number): number {
    return input;
  }
}
