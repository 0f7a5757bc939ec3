import { api, service, t } from "@bento-ts/runtime";

@service({ name: "service-parameters", parameters: t.Object({ delta: t.Number() }) }) // error TS1238
export class Wrong {
  constructor(readonly parameters: { readonly delta: string }) {}

  @api({ input: t.Number(), output: t.String() })
  score(input: number): string {
    return `${input}${this.parameters.delta}`;
  }
}
