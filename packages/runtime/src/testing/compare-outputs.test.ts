import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareOutputs } from "./compare-outputs.ts";

const exact = { tolerance: 0 };

describe("compareOutputs", () => {
  it("accepts numbers up to the tolerance, the end included", () => {
    expect(compareOutputs([1.5, 2], [1.25, 2], { tolerance: 0.25 })).toEqual({
      equal: true,
      problems: [],
      total: 0,
      largest: { path: "/0", difference: 0.25 },
    });
  });

  it("names the place, both values and the difference of a number beyond the tolerance", () => {
    expect(compareOutputs({ prices: [1, 2.5] }, { prices: [1, 2] }, { tolerance: 0.25 })).toEqual({
      equal: false,
      problems: [{ path: "/prices/1", message: "expected 2 ± 0.25, got 2.5 (off by 0.5)" }],
      total: 1,
      largest: { path: "/prices/1", difference: 0.5 },
    });
  });

  it("tells the largest difference that the tolerance let pass", () => {
    expect(compareOutputs([1, 2.125, 3.25], [1, 2, 3], { tolerance: 1 }).largest).toEqual({
      path: "/2",
      difference: 0.25,
    });
  });

  it("wants texts, booleans and null exactly as they are, whatever the tolerance", () => {
    const { problems } = compareOutputs(["a", true, null, "1"], ["b", false, 0, 1], { tolerance: 1e9 });
    expect(problems).toEqual([
      { path: "/0", message: 'expected "b", got "a"' },
      { path: "/1", message: "expected false, got true" },
      { path: "/2", message: "expected 0, got null" },
      { path: "/3", message: 'expected 1, got "1"' },
    ]);
  });

  it("reports a name that is missing and one that is too many, at their places", () => {
    const { problems } = compareOutputs({ a: 1, "c/d": [1] }, { a: 1, b: { x: 1 } }, exact);
    expect(problems).toEqual([
      { path: "/b", message: "expected an object, got nothing" },
      { path: "/c~1d", message: "expected nothing, got a list of 1" },
    ]);
  });

  it("reports a list of another length and compares what both have", () => {
    const { problems } = compareOutputs([1, 5], [1, 2, 3], exact);
    expect(problems).toEqual([
      { path: "", message: "expected 3 elements, got 2" },
      { path: "/1", message: "expected 2 ± 0, got 5 (off by 3)" },
    ]);
  });

  it("does not take a list for an object or null for one", () => {
    expect(compareOutputs([], {}, exact).problems).toEqual([
      { path: "", message: "expected an object, got a list of 0" },
    ]);
    expect(compareOutputs(null, {}, exact).problems).toEqual([{ path: "", message: "expected an object, got null" }]);
  });

  it("tells integers apart that no double can", () => {
    expect(compareOutputs(9007199254740993n, 9007199254740992n, exact)).toMatchObject({
      equal: false,
      largest: { path: "", difference: 1 },
    });
    expect(compareOutputs(9007199254740993n, 9007199254740993n, exact).equal).toBe(true);
  });

  it("takes 0 and -0, and two infinities, for the same, and NaN for different from all", () => {
    expect(compareOutputs([0, Infinity], [-0, Infinity], exact).equal).toBe(true);
    expect(compareOutputs(NaN, 1, { tolerance: 1e300 }).equal).toBe(false);
  });

  it("keeps 20 differences and counts all", () => {
    const { problems, total } = compareOutputs(Array(1000).fill(1), Array(1000).fill(2), exact);
    expect([problems.length, total]).toEqual([20, 1000]);
  });

  it("keeps the largest difference between numbers, wherever it lies", () => {
    const expected = Array<number>(1000).fill(2);
    const { problems } = compareOutputs(
      expected.map((_, at) => (at === 700 ? 9 : 1)),
      expected,
      exact,
    );
    expect(problems).toHaveLength(20);
    expect(problems[18]?.path).toBe("/18");
    expect(problems[19]).toEqual({ path: "/700", message: "expected 2 ± 0, got 9 (off by 7)" });
  });

  it("sees names that objects inherit as names like any other", () => {
    const got = JSON.parse('{"__proto__": 1}') as unknown;
    expect(compareOutputs(got, {}, exact).problems).toEqual([
      { path: "/__proto__", message: "expected nothing, got 1" },
    ]);
    expect(compareOutputs({}, got, exact).problems).toEqual([
      { path: "/__proto__", message: "expected 1, got nothing" },
    ]);
  });
});

describe("compareOutputs, for any data", () => {
  it("finds data equal to its copy, with no difference at all", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { equal, largest } = compareOutputs(value, JSON.parse(JSON.stringify(value)), exact);
        return equal && (largest?.difference ?? 0) === 0;
      }),
    );
  });

  it("finds the same number of differences from either side", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.double({ min: 0, max: 10, noNaN: true }), (a, b, tolerance) => {
        expect(compareOutputs(a, b, { tolerance }).total).toBe(compareOutputs(b, a, { tolerance }).total);
      }),
    );
  });

  it("says different exactly when one number was moved past the tolerance, and names its place", () => {
    const list = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 });
    // Quarters are exact in binary, so that hand arithmetic holds.
    const quarters = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(list, fc.nat(), quarters, quarters, (expected, pick, moved, tolerated) => {
        const at = pick % expected.length;
        const got = expected.map((value, index) => (index === at ? value + moved / 4 : value));
        const { equal, problems, largest } = compareOutputs({ got }, { got: expected }, { tolerance: tolerated / 4 });
        expect(equal).toBe(moved <= tolerated);
        expect(problems.map(({ path }) => path)).toEqual(moved <= tolerated ? [] : [`/got/${at}`]);
        expect(largest?.difference).toBe(moved / 4);
      }),
    );
  });
});
