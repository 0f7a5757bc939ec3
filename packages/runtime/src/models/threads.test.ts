import { describe, expect, it } from "vitest";
import { poolFor, threadsFor } from "./threads.ts";

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

describe("poolFor", () => {
  it("gives as many threads as use all CPUs of the server, one at the least", () => {
    expect(poolFor(1, 4, undefined)).toBe(4);
    expect(poolFor(2, 5, undefined)).toBe(2);
    expect(poolFor(8, 2, undefined)).toBe(1);
  });

  it("follows the author's choice", () => {
    expect(poolFor(1, 4, 1)).toBe(1);
    expect(poolFor(4, 4, 3)).toBe(3);
  });
});
