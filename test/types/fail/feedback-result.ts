import { api, type Feedback, service, t } from "@bento-ts/runtime";

@service({ name: "feedback-result" })
export class Wrong {
  @api({ role: "feedback", input: t.Number(), output: t.Number() }) // error TS1241
  learn({ reward }: Feedback<number, number>): number {
    return reward;
  }
}
