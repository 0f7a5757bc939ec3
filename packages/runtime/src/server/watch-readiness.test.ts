import { expect, it, onTestFinished } from "vitest";
import { createService } from "../authoring/create-service.ts";
import { defineApi } from "../authoring/define-api.ts";
import { serviceClass } from "../authoring/define-service-class.ts";
import { registeredService } from "../authoring/registered-service.ts";
import { text } from "../io/text.ts";
import { watchReadiness } from "./watch-readiness.ts";

it("tells why a service's isReady failed, and when it says yes again", async () => {
  let answers = 0;
  const Service = serviceClass(
    { name: "moody" },
    class {
      echo = defineApi({ input: text(), output: text() }, async (value) => value);
      isReady(): boolean {
        answers += 1;
        if (answers === 1) throw new Error("the index is locked", { cause: new Error("EBUSY") });
        return true;
      }
    },
  );
  const service = createService(registeredService(Service) ?? expect.unreachable());

  const told: unknown[] = [];
  await new Promise<void>((resolve) => {
    const stop = watchReadiness({ service, models: [] }, (ready, note) => {
      told.push([ready, note]);
      if (ready) resolve();
    });
    onTestFinished(stop);
  });

  expect(told).toEqual([
    [false, "the service's isReady failed: the index is locked: EBUSY"],
    [true, undefined],
  ]);
});
