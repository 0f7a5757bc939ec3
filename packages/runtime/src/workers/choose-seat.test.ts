import { describe, expect, it } from "vitest";
import { chooseSeat, type SeatLoad } from "./choose-seat.ts";

const seat = (open: number, sentMs?: number, lastTurn = 0): SeatLoad => ({ open, sentMs, lastTurn });

describe("chooseSeat", () => {
  it("chooses the fewest open connections, then the longest ago turn", () => {
    const seats = [seat(3), seat(2, undefined, 9), seat(2, undefined, 4)];
    expect(chooseSeat(seats, 0)).toEqual({ kind: "seat", seat: seats[2] });
  });

  it("has none while all are taking a connection", () => {
    expect(chooseSeat([seat(0, 5), seat(0, 5)], 6)).toEqual({ kind: "none" });
    expect(chooseSeat([], 6)).toEqual({ kind: "none" });
  });

  it("waits for a busy worker with at least two fewer, for 50 ms after it was sent its last", () => {
    const seats = [seat(2), seat(0, 1000)];
    expect(chooseSeat(seats, 1001)).toEqual({ kind: "wait", untilMs: 1050 });
    expect(chooseSeat(seats, 1050)).toEqual({ kind: "seat", seat: seats[0] });
  });

  it("does not wait for a busy worker with one fewer", () => {
    const seats = [seat(1), seat(0, 1000)];
    expect(chooseSeat(seats, 1001)).toEqual({ kind: "seat", seat: seats[0] });
  });
});
