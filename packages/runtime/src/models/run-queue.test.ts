import { describe, expect, it } from "vitest";
import { ServingError } from "../errors.ts";
import { createRunQueue } from "./run-queue.ts";

/** A job that ends when it is told to, and notes its beginning. */
function createJob(name: string, begun: string[]): { job: () => Promise<string>; finish: () => void } {
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  return {
    finish: () => finish(),
    job: async () => {
      begun.push(name);
      await finished;
      return name;
    },
  };
}

describe("createRunQueue", () => {
  it("runs jobs one at a time, in their order", async () => {
    const queue = createRunQueue();
    const begun: string[] = [];
    const jobs = ["a", "b", "c"].map((name) => createJob(name, begun));
    const results = jobs.map(({ job }) => queue.run(job));
    expect(begun).toEqual(["a"]);
    jobs[0]?.finish();
    await results[0];
    expect(begun).toEqual(["a", "b"]);
    jobs[1]?.finish();
    jobs[2]?.finish();
    expect(await Promise.all(results)).toEqual(["a", "b", "c"]);
  });

  it("goes on after a job that failed, also one that throws before it returns a promise", async () => {
    const queue = createRunQueue();
    const first = queue.run(() => Promise.reject(new Error("first")));
    const second = queue.run(() => {
      throw new Error("second");
    });
    const third = queue.run(async () => "third");
    await expect(first).rejects.toThrow("first");
    await expect(second).rejects.toThrow("second");
    expect(await third).toBe("third");
  });

  it("drops a job at once when its signal aborts while it waits, and never begins it", async () => {
    const queue = createRunQueue();
    const begun: string[] = [];
    const [a, b, c] = [createJob("a", begun), createJob("b", begun), createJob("c", begun)];
    const controller = new AbortController();
    const first = queue.run(a.job);
    const dropped = queue.run(b.job, { signal: controller.signal });
    const third = queue.run(c.job, { signal: controller.signal });
    const kept = queue.run(async () => "kept");
    controller.abort();
    await expect(dropped).rejects.toMatchObject({
      code: "CANCELLED",
      message: "the call was cancelled while it waited for the model",
    });
    await expect(third).rejects.toMatchObject({ code: "CANCELLED" });
    a.finish();
    expect(await first).toBe("a");
    expect(await kept).toBe("kept");
    expect(begun).toEqual(["a"]);
  });

  it("finishes a job that has begun when its signal aborts", async () => {
    const queue = createRunQueue();
    const { job, finish } = createJob("a", []);
    const controller = new AbortController();
    const first = queue.run(job, { signal: controller.signal });
    controller.abort();
    finish();
    expect(await first).toBe("a");
  });

  it("passes the signal's reason on when it is a ServingError, and refuses a signal that has aborted", async () => {
    const queue = createRunQueue();
    const late = new ServingError("DEADLINE_EXCEEDED", "too late");
    const refused = queue.run(async () => "never", { signal: AbortSignal.abort(late) });
    await expect(refused).rejects.toBe(late);
  });

  it("leaves no listener on a signal once its jobs are done", async () => {
    const queue = createRunQueue();
    const counts = { added: 0, removed: 0 };
    const { signal } = new AbortController();
    const counting = Object.assign(signal, {
      addEventListener: () => (counts.added += 1),
      removeEventListener: () => (counts.removed += 1),
    });
    await Promise.all([
      queue.run(async () => 1),
      queue.run(async () => 2, { signal: counting }),
      queue.run(async () => 3, { signal: counting }),
    ]);
    expect(counts).toEqual({ added: 2, removed: 2 });
  });

  it("rejects all that wait, not the one that runs", async () => {
    const queue = createRunQueue();
    const { job, finish } = createJob("a", []);
    const first = queue.run(job);
    const waiting = [queue.run(async () => "b"), queue.run(async () => "c")];
    const gone = new ServingError("UNAVAILABLE", "gone");
    queue.rejectWaiting(gone);
    for (const promise of waiting) await expect(promise).rejects.toBe(gone);
    finish();
    expect(await first).toBe("a");
  });
});
