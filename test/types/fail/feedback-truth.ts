import { api, type Feedback, service, t } from "@bento-ts/runtime";

@service({ name: "feedback-truth" })
export class Wrong {
  @api({ role: "feedback", input: t.Number(), output: t.String() }) // error TS1241
  learn(said: Feedback<number, number>): void {
    console.log(said.truth);
  }
}
