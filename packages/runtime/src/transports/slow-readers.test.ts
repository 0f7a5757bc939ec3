import { describe, expect, it } from "vitest";
import { type SlowReaders, watchSlowReaders } from "./slow-readers.ts";

interface Reply {
  readonly name: string;
  readonly address?: string;
  writableLength: number;
  taken: number;
}

const KIB_64 = 65_536;

function watch(): { readers: SlowReaders<Reply>; ended: string[]; at(ms: number): void } {
  let now = 0;
  const ended: string[] = [];
  const readers = watchSlowReaders<Reply>({
    requestTimeoutMs: 0,
    maxBytes: 100,
    addressOf: ({ address = "" }) => address,
    progressOf: ({ taken }) => taken,
    end: ({ name }) => ended.push(name),
    nowMs: () => now,
  });
  readers.close();
  const at = (ms: number): void => {
    now = ms;
    readers.look();
  };
  return { readers, ended, at };
}

describe("a reply that waits for its reader", () => {
  it("ends five seconds behind the longest time of a call, and a second for each 64 KiB", () => {
    const { readers, ended, at } = watch();
    readers.add({ name: "small", writableLength: 1, taken: 0 });
    readers.add({ name: "large", writableLength: 3 * KIB_64, taken: 0 });
    at(0);
    at(5_000);
    expect(ended).toEqual([]);
    at(5_001);
    expect(ended).toEqual(["small"]);
    at(8_000);
    expect(new Set(ended)).toEqual(new Set(["small"]));
    at(8_001);
    expect(new Set(ended)).toEqual(new Set(["small", "large"]));
  });

  it("has its time anew whenever something of it was taken", () => {
    const { readers, ended, at } = watch();
    const reply = { name: "slow", writableLength: 10, taken: 0 };
    readers.add(reply);
    for (let ms = 0; ms <= 60_000; ms += 4_000) {
      reply.taken += 1;
      at(ms);
    }
    expect(ended).toEqual([]);
    at(65_100);
    expect(ended).toEqual(["slow"]);
  });

  it("is forgotten when it was taken whole or has ended", () => {
    const { readers, ended, at } = watch();
    const [taken, gone] = [
      { name: "taken", writableLength: 10, taken: 0 },
      { name: "gone", writableLength: 10, taken: 0 },
    ];
    readers.add(taken);
    readers.add(gone);
    at(0);
    taken.writableLength = 0;
    readers.delete(gone);
    at(3_000);
    taken.writableLength = 10;
    at(6_000);
    at(10_000);
    expect(ended).toEqual([]);
  });
});

describe("large replies that are not taken", () => {
  const reply = (name: string, address: string, writableLength: number): Reply => ({
    name,
    address,
    writableLength,
    taken: 0,
  });

  it("hold no more than they may: of the address that holds most the one that waits longest ends", () => {
    const { readers, ended } = watch();
    const others = [reply("a1", "a", 40), reply("b", "b", 20), reply("a2", "a", 40)];
    for (const one of others) readers.written(one);
    expect(ended).toEqual([]);
    readers.written(reply("c", "c", 10));
    expect(ended).toEqual(["a1"]);
    readers.written(reply("a3", "a", 41));
    expect(ended).toEqual(["a1", "a2"]);
  });

  it("may be larger alone than all together, and those that were taken count no more", () => {
    const { readers, ended } = watch();
    const [first, second] = [reply("first", "a", 90), reply("second", "a", 300)];
    readers.written(first);
    first.writableLength = 0;
    readers.written(second);
    expect(ended).toEqual([]);
    readers.written(reply("third", "b", 1));
    expect(ended).toEqual(["second"]);
  });
});

describe("a reply that was taken whole", () => {
  it("is ended when it is still there a second later", () => {
    const left: string[] = [];
    const readers = watchSlowReaders<Reply>({
      requestTimeoutMs: 0,
      maxBytes: 100,
      addressOf: () => "",
      progressOf: () => 0,
      end: () => undefined,
      isLeft: ({ writableLength }) => writableLength === 0,
      leave: ({ name }) => left.push(name),
    });
    readers.close();
    readers.add({ name: "left", writableLength: 0, taken: 0 });
    readers.look();
    expect(left).toEqual([]);
    readers.look();
    expect(left).toEqual(["left"]);
  });
});
