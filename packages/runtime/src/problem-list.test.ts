import { describe, expect, it } from "vitest";
import { addProblem, assertNoProblems, assertOutputFits, childPath, createProblemList } from "./problem-list.ts";

describe("problem list", () => {
  it("keeps 20 faults, counts all, and describes only those it keeps", () => {
    const list = createProblemList();
    let described = 0;
    for (let index = 0; index < 1000; index++) {
      addProblem(list, () => {
        described += 1;
        return { path: `/${index}`, message: "wrong" };
      });
    }
    expect([list.items.length, list.total, described]).toEqual([20, 1000, 20]);
    expect(() => assertNoProblems(list)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: "/0: wrong (and 999 more)" }),
    );
    expect(() => assertOutputFits(list)).toThrow(
      expect.objectContaining({
        code: "INTERNAL",
        message: "the output does not fit its type: /0: wrong (and 999 more)",
      }),
    );
  });

  it("throws nothing while it is empty", () => {
    expect(() => assertNoProblems(createProblemList())).not.toThrow();
    expect(() => assertOutputFits(createProblemList())).not.toThrow();
  });
});

describe("childPath", () => {
  it("escapes ~ and / and cuts keys of any length", () => {
    expect(childPath("/df", 3)).toBe("/df/3");
    expect(childPath("", "a/b~c")).toBe("/a~1b~0c");
    expect(childPath("", "k".repeat(1000))).toBe(`/${"k".repeat(100)}…`);
  });
});
