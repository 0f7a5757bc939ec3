import { describe, expect, it } from "vitest";
import { createMetrics } from "./metrics.ts";

const lines = (text: string, prefix: string): string[] => text.split("\n").filter((line) => line.startsWith(prefix));

describe("createMetrics", () => {
  it("counts calls by API, protocol and status, with duration, bytes and calls in progress", async () => {
    const metrics = createMetrics({ processMetrics: false });
    const call = metrics.call("score", "native");
    call.started();
    call.started();
    call.started();
    call.finished({ status: 200, seconds: 0.004, bytesIn: 10, bytesOut: 20 });
    call.finished({ status: 400, seconds: 0.03, bytesIn: 5, bytesOut: 7 });
    const text = await metrics.text();
    expect(lines(text, "bento_requests_total")).toEqual([
      'bento_requests_total{api="score",protocol="native",status="200"} 1',
      'bento_requests_total{api="score",protocol="native",status="400"} 1',
    ]);
    expect(lines(text, "bento_requests_in_progress")).toEqual([
      'bento_requests_in_progress{api="score",protocol="native"} 1',
    ]);
    expect(lines(text, "bento_request_body_bytes_total")).toEqual([
      'bento_request_body_bytes_total{api="score",protocol="native"} 15',
    ]);
    expect(lines(text, "bento_response_body_bytes_total")).toEqual([
      'bento_response_body_bytes_total{api="score",protocol="native"} 27',
    ]);
    const duration = lines(text, "bento_request_duration_seconds");
    expect(duration).toContain('bento_request_duration_seconds_bucket{api="score",protocol="native",le="0.0025"} 0');
    expect(duration).toContain('bento_request_duration_seconds_bucket{api="score",protocol="native",le="0.005"} 1');
    expect(duration).toContain('bento_request_duration_seconds_bucket{api="score",protocol="native",le="0.05"} 2');
    expect(duration).toContain('bento_request_duration_seconds_bucket{api="score",protocol="native",le="+Inf"} 2');
    expect(duration).toContain('bento_request_duration_seconds_sum{api="score",protocol="native"} 0.034');
    expect(duration).toContain('bento_request_duration_seconds_count{api="score",protocol="native"} 2');
  });

  it("puts a value that equals a bound into that bucket", async () => {
    const metrics = createMetrics({ processMetrics: false });
    metrics.modelRun("a.onnx", "thread").observe(0.25);
    const text = await metrics.text();
    expect(text).toContain('bento_model_run_duration_seconds_bucket{model="a.onnx",place="thread",le="0.1"} 0');
    expect(text).toContain('bento_model_run_duration_seconds_bucket{model="a.onnx",place="thread",le="0.25"} 1');
  });

  it("shows how the time of successful calls is spread over their phases, over all protocols, and when the last one ended", async () => {
    const metrics = createMetrics({ processMetrics: false });
    const startedSeconds = Date.now() / 1000;
    for (const protocol of ["native", "v2"]) {
      const call = metrics.call("score", protocol);
      call.started();
      call.finished({ status: 200, seconds: 1, phaseSeconds: [0.5, 0.25, 0.125, 2, 4], bytesIn: 0, bytesOut: 0 });
    }
    const failed = metrics.call("score", "v2");
    failed.started();
    failed.finished({ status: 400, seconds: 9, bytesIn: 0, bytesOut: 0 });
    const text = await metrics.text();
    expect(lines(text, "bento_call_phase_seconds_sum")).toEqual([
      'bento_call_phase_seconds_sum{api="score",phase="arrival"} 1',
      'bento_call_phase_seconds_sum{api="score",phase="queue"} 0.5',
      'bento_call_phase_seconds_sum{api="score",phase="input"} 0.25',
      'bento_call_phase_seconds_sum{api="score",phase="infer"} 4',
      'bento_call_phase_seconds_sum{api="score",phase="output"} 8',
    ]);
    const infer = lines(text, 'bento_call_phase_seconds_bucket{api="score",phase="infer"').map(
      (line) => /le="(.*)"\} (\d+)/.exec(line)?.slice(1).join(" ") ?? "",
    );
    expect(infer.at(0)).toBe("0.0001 0");
    expect(infer.slice(-5)).toEqual(["1 0", "5 2", "10 2", "60 2", "+Inf 2"]);
    const [last = ""] = lines(text, 'bento_last_success_timestamp_seconds{api="score"}');
    expect(Number(last.split(" ")[1])).toBeGreaterThanOrEqual(startedSeconds);
  });

  it("counts nothing for a phase that a call did not pass", async () => {
    const metrics = createMetrics({ processMetrics: false });
    const call = metrics.call("lines", "native");
    call.started();
    call.finished({ status: 200, seconds: 1, phaseSeconds: [0.5, NaN, NaN, NaN, NaN], bytesIn: 0, bytesOut: 0 });
    expect(lines(await metrics.text(), "bento_call_phase_seconds_count")).toEqual([
      'bento_call_phase_seconds_count{api="lines",phase="arrival"} 1',
      'bento_call_phase_seconds_count{api="lines",phase="queue"} 0',
      'bento_call_phase_seconds_count{api="lines",phase="input"} 0',
      'bento_call_phase_seconds_count{api="lines",phase="infer"} 0',
      'bento_call_phase_seconds_count{api="lines",phase="output"} 0',
    ]);
  });

  it("counts under one series however often the same names are bound", async () => {
    const metrics = createMetrics({ processMetrics: false });
    for (let index = 0; index < 3; index += 1) {
      const call = metrics.call("score", "native");
      call.started();
      call.finished({ status: 200, seconds: 0, bytesIn: 0, bytesOut: 0 });
    }
    expect(await metrics.text()).toContain('bento_requests_total{api="score",protocol="native",status="200"} 3');
  });

  it("shows the queue and grows its revision with each change", async () => {
    const metrics = createMetrics({ processMetrics: false });
    const before = metrics.revision();
    metrics.queue.setRows(7);
    metrics.queue.observeWait(0.2);
    for (const reason of ["queue_full", "displaced", "queue_full"]) metrics.queue.shed(reason);
    expect(metrics.revision()).toBeGreaterThan(before);
    const text = await metrics.text();
    expect(lines(text, "bento_queue_rows")).toEqual(["bento_queue_rows 7"]);
    expect(text).toContain("bento_queue_wait_seconds_count 1");
    expect(lines(text, "bento_calls_shed_total")).toEqual([
      'bento_calls_shed_total{reason="queue_full"} 2',
      'bento_calls_shed_total{reason="displaced"} 1',
    ]);
  });

  it("adds CPU and memory of the process when asked to", async () => {
    const text = await createMetrics({ processMetrics: true }).text();
    expect(text).toMatch(/^process_cpu_seconds_total \d/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
  });
});
