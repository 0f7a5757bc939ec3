import { setTimeout as delay } from "node:timers/promises";
import { api, type Context, service, ServingError, t } from "@bento-ts/runtime";

const Word = t.Object({ word: t.String(), at: t.Integer() });

@service({ name: "stories" })
export class Stories {
  @api({ input: t.Object({ text: t.String() }), output: Word })
  async *words({ text }: { text: string }, ctx: Context) {
    for (const [at, word] of text.split(" ").entries()) {
      if (word === "stop") throw new ServingError("RESOURCE_EXHAUSTED", "the storyteller is tired");
      await delay(5, undefined, { signal: ctx.signal });
      yield { word, at };
    }
  }
}
