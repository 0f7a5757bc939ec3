import { expect, it } from "vitest";
import { createMetrics } from "../telemetry/metrics.ts";
import { CALL_METRICS, toCallStatistics } from "./call-statistics.ts";

it("reads what each API has done from the metrics of its calls, over all protocols", async () => {
  const metrics = createMetrics({ processMetrics: false });
  const success = { status: 200, phaseSeconds: [1, 2, 3, 4, 5], bytesIn: 0, bytesOut: 0 };
  const [rest, grpc, other] = [metrics.call("a", "native"), metrics.call("a", "v2"), metrics.call("b", "v2")];
  for (const call of [rest, grpc, grpc, other]) call.started();
  rest.finished({ ...success, seconds: 16 });
  grpc.finished({ ...success, seconds: 17 });
  grpc.finished({ status: 404, seconds: 0.5, bytesIn: 0, bytesOut: 0 });
  other.finished({ status: 500, seconds: 0.25, bytesIn: 0, bytesOut: 0 });
  const snapshot = await metrics.snapshot();
  const statistics = toCallStatistics(snapshot.filter(({ name }) => CALL_METRICS.includes(name)));
  expect(statistics.get("a")).toEqual({
    succeeded: 2,
    failed: 1,
    seconds: 33.5,
    phaseSeconds: { arrival: 2, queue: 4, input: 6, infer: 8, output: 10 },
    lastSuccessSeconds: expect.closeTo(Date.now() / 1000, -2),
  });
  expect(statistics.get("b")).toEqual({
    succeeded: 0,
    failed: 1,
    seconds: 0.25,
    phaseSeconds: { arrival: 0, queue: 0, input: 0, infer: 0, output: 0 },
    lastSuccessSeconds: 0,
  });
});
