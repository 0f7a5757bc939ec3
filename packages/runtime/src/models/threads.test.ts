import { describe, expect, it } from "vitest";
import { roomFor, threadsFor } from "./threads.ts";

describe("threadsFor", () => {
  it("gives one thread to a model that runs inline, and all whole CPUs of the worker to one on a thread", () => {
    expect(threadsFor("inline", 8, undefined)).toBe(1);
    expect(threadsFor("thread", 8, undefined)).toBe(8);
    expect(threadsFor("thread", 1.5, undefined)).toBe(1);
    expect(threadsFor("thread", 0.5, undefined)).toBe(1);
  });

  it("follows the author's choice in both places", () => {
    expect(threadsFor("inline", 8, 4)).toBe(4);
    expect(threadsFor("thread", 8, 2)).toBe(2);
  });
});

describe("roomFor", () => {
  const free = { threadsOfRun: 1, cpus: 2, spareCpus: 8, chosen: undefined };

  it("gives as many threads as use all CPUs that the other workers leave, one at the least", () => {
    expect(roomFor(free)).toBe(8);
    expect(roomFor({ ...free, spareCpus: 5.5 })).toBe(5.5);
    expect(roomFor({ ...free, threadsOfRun: 2 })).toBe(4);
    expect(roomFor({ ...free, threadsOfRun: 16 })).toBe(1);
  });

  it("gives a worker its own share, whatever the others use", () => {
    expect(roomFor({ ...free, spareCpus: 0.2 })).toBe(2);
    expect(roomFor({ ...free, spareCpus: 0.2, threadsOfRun: 2 })).toBe(1);
  });

  it("follows the author's choice", () => {
    expect(roomFor({ ...free, chosen: 1 })).toBe(1);
    expect(roomFor({ ...free, spareCpus: 0, chosen: 3 })).toBe(3);
  });
});
