import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readYamlText } from "./yaml-text.ts";

describe("readYamlText", () => {
  it("gives the tree and the place of each key, through aliases too", () => {
    const yaml = readYamlText("server:\n  port: 8080\n  limits: &l { json: 1MiB }\nother: *l\n");
    expect(yaml.tree).toEqual({ server: { port: 8080, limits: { json: "1MiB" } }, other: { json: "1MiB" } });
    expect(yaml.placeOf(["server"])).toBe("1:1");
    expect(yaml.placeOf(["server", "port"])).toBe("2:3");
    expect(yaml.placeOf(["server", "limits", "json"])).toBe("3:16");
    expect(yaml.placeOf(["other", "json"])).toBe("3:16");
    expect(yaml.placeOf(["server", "nothing"])).toBeUndefined();
    expect(yaml.placeOf(["server", "port", "deeper"])).toBeUndefined();
  });

  it("takes an empty text and one of comments for nothing", () => {
    expect(readYamlText("").tree).toBeNull();
    expect(readYamlText("# nothing yet\n").tree).toBeNull();
  });

  it.each([
    ["a duplicate key", "a: 1\nb: 2\na: 3\n", "3:1", "Map keys must be unique"],
    ["a bad indent", "server:\n  port: 1\n host: x\n", "3:1", "All mapping items must start at the same column"],
    ["a tab", "server:\n\tport: 1\n", "2:1", "Tabs are not allowed as indentation"],
    ["a tag", "a: !!js/function 'x'\n", "1:4", "Unresolved tag: tag:yaml.org,2002:js/function"],
    ["two documents", "a: 1\n---\nb: 2\n", "2:1", expect.stringContaining("multiple documents")],
    ["an alias without anchor", "a: 1\nb: *x\n", "2:4", "alias *x has no anchor before it"],
  ])("names line and column of %s", (_what, text, place, message) => {
    expect(readYamlText(text)).toMatchObject({ tree: undefined, faults: [{ place, message }] });
  });

  it("lists several faults in the order of the text, at most ten", () => {
    const text = Array.from({ length: 20 }, (_, index) => `k${index}: 1\nk${index}: 2\n`).join("");
    const { faults } = readYamlText(text);
    expect(faults.map(({ place }) => place)).toEqual([
      "2:1",
      "4:1",
      "6:1",
      "8:1",
      "10:1",
      "12:1",
      "14:1",
      "16:1",
      "18:1",
      "20:1",
    ]);
  });

  it("refuses aliases that multiply", () => {
    const rows = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"];
    for (let level = 1; level < 9; level += 1)
      rows.push(
        `a${level}: &a${level} [${Array(9)
          .fill(`*a${level - 1}`)
          .join(",")}]`,
      );
    expect(readYamlText(rows.join("\n"))).toMatchObject({
      tree: undefined,
      faults: [{ message: "aliases stand for more than 100 values" }],
    });
  });

  it("refuses more than a hundred aliases, at the first that is too many", () => {
    const aliases = (count: number): string => `a: &x 1\nb:\n${"- *x\n".repeat(count)}`;
    expect(readYamlText(aliases(100)).faults).toEqual([]);
    expect(readYamlText(aliases(50_000)).faults).toEqual([{ place: "103:3", message: "more than 100 aliases" }]);
  });

  it.each(["[", "{a: ", "- "])("says of 100 000 times %j that it is nested too deeply, once", (opening) => {
    const { faults } = readYamlText(`a: ${opening === "- " ? "\n" : ""}${opening.repeat(100_000)}`);
    expect(faults).toHaveLength(1);
    expect(faults[0]?.message).toBe("nested too deeply");
  });

  it("keeps __proto__ a key like any other and pollutes nothing", () => {
    const { tree } = readYamlText("__proto__: { polluted: true }\n");
    expect(Object.getOwnPropertyNames(tree)).toEqual(["__proto__"]);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  it("takes any text without throwing", () => {
    const token = fc.constantFrom(
      "a",
      ": ",
      "\n",
      "  ",
      "- ",
      "&x ",
      "*x",
      "[",
      "]",
      "{",
      "}",
      ",",
      "? ",
      "|",
      ">",
      "'",
      '"',
      "#",
      "!!t ",
      "---\n",
      "%",
      "<<",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(token).map((tokens) => tokens.join("")),
        ),
        (text) => {
          const { faults, placeOf } = readYamlText(text);
          for (const { place } of faults) expect(place).toMatch(/^[1-9]\d*:[1-9]\d*$/);
          placeOf(["a", "a"]);
        },
      ),
    );
  });
});
