import { PassThrough } from "node:stream";
import type { BuildEvent } from "@bento-ts/packager";
import { describe, expect, it } from "vitest";
import { type BuildProgress, createBuildProgress } from "./build-progress.ts";

const layer = (doneBytes: number): BuildEvent => ({
  kind: "bytes",
  task: "layer",
  name: "node",
  doneBytes,
  totalBytes: 20_000_000,
});

/** A progress that writes to a stream of its own, and what was written. */
function shown(options: { readonly isTTY: boolean; readonly isQuiet?: boolean; readonly nowMs?: () => number }): {
  readonly progress: BuildProgress;
  text(): string;
} {
  const { isTTY, isQuiet = false, ...rest } = options;
  const stream = Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY, columns: 80 });
  const progress = createBuildProgress({ isQuiet, stream: stream as unknown as NodeJS.WriteStream, ...rest });
  return { progress, text: () => String(stream.read() ?? "") };
}

describe("createBuildProgress", () => {
  it("writes plain lines where there is no terminal: steps, lines of other programs, what has many bytes", () => {
    const { progress, text } = shown({ isTTY: false });
    progress.onEvent({ kind: "step", text: "making layers" });
    for (const done of [0, 5_000_000, 20_000_000]) progress.onEvent(layer(done));
    progress.onEvent({ kind: "bytes", task: "pull", name: "a", doneBytes: 0, totalBytes: 1000 });
    progress.onEvent({ kind: "line", text: "Step 1\u001b[31m" });
    progress.stop();
    expect(text()).toBe("making layers …\n  compressing node, 20.0 MB\n  Step 1\\u001b[31m\n");
  });

  it("draws a bar on a terminal and takes it off", () => {
    const { progress, text } = shown({ isTTY: true });
    progress.onEvent(layer(0));
    progress.onEvent(layer(10_000_000));
    progress.stop();
    expect(text()).toContain("compressing node");
    expect(text()).toBe("");
  });

  it.each([
    [
      { kind: "files", task: "bundle", name: "packages", doneFiles: 1, totalFiles: 4 },
      "bundling packages",
      "25% 1 files of 4 files",
    ],
    [
      { kind: "bytes", task: "hash", name: "the files", doneBytes: 5e6, totalBytes: 2e7 },
      "hashing the files",
      "25% 5.0 MB of 20.0 MB",
    ],
  ] as const)("draws a bar for %o", (event, label, amounts) => {
    const { progress, text } = shown({ isTTY: true });
    progress.onEvent(event);
    progress.stop();
    const drawn = text();
    expect(drawn).toContain(label);
    expect(drawn).toContain(amounts);
  });

  it("takes the time of each step, also when it shows nothing", () => {
    let now = 1000;
    const { progress, text } = shown({ isTTY: true, isQuiet: true, nowMs: () => now });
    progress.onEvent({ kind: "step", text: "one" });
    now += 250;
    progress.onEvent({ kind: "step", text: "two" });
    progress.onEvent(layer(0));
    now += 1000;
    expect(progress.stop()).toEqual([
      { step: "one", ms: 250 },
      { step: "two", ms: 1000 },
    ]);
    now += 5000;
    expect(progress.stop()).toHaveLength(2);
    expect(progress.stop()[1]).toEqual({ step: "two", ms: 1000 });
    expect(text()).toBe("");
  });
});
