import { ServingError } from "@bento-ts/runtime";

throw new ServingError("INVALID_ARGUMENT", "/from: expected a day before /to", {
  problems: [{ path: "/from", message: "expected a day before /to" }],
});
