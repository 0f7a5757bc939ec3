import { defineApi } from "../../packages/runtime/src/authoring/define-api.ts";
import { serviceClass } from "../../packages/runtime/src/authoring/define-service-class.ts";
import { t, tensor } from "../../packages/runtime/src/index.ts";

/** Functions of `Counted` that ran, in their order. */
export const ran: string[] = [];

const authorize = { allow: [{ groups: ["ml"] }] };
const io = { input: tensor("float32", [null, 2]), output: tensor("float32", [null, 2]) };

/** Functions for the group `ml`, and `hello` for guests. */
export const Counted = serviceClass(
  { name: "counted" },
  class {
    secret = defineApi({ ...io, authorize, default: true }, async (rows) => {
      ran.push("secret");
      return rows;
    });
    hello = defineApi({ ...io, authorize: { allow: [{ groups: ["guests"] }] } }, async (rows) => rows);
    stream = defineApi({ input: t.Any(), output: t.Number(), authorize }, async function* () {
      ran.push("stream");
      yield 1;
    });
    learn = defineApi({ input: t.Any(), output: t.Null(), authorize, role: "feedback" }, async () => {
      ran.push("learn");
    });
  },
);
