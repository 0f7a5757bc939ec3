import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseKeyFile, toKeyLine } from "./key-file.ts";
import { createKey, digestOf, keyId } from "./key-text.ts";

const SHA = "a".repeat(64);

describe("a file of keys", () => {
  it("holds a key a line, with comments and blank lines between", () => {
    const line = { id: "k1", sha256: SHA, owner: "r-team", groups: ["r"], expires: "2027-01-31T00:00:00Z" };
    const { keys, problems } = parseKeyFile(`# keys of the R team\r\n${JSON.stringify(line)}\r\n\r\n`);
    expect(problems).toEqual([]);
    expect([...keys.values()]).toEqual([
      {
        id: "k1",
        sha256: SHA,
        owner: "r-team",
        groups: ["r"],
        scopes: [],
        functions: undefined,
        notBeforeMs: undefined,
        // 2027-01-31: 57 years of which 14 are leap, and 30 days after 1970-01-01.
        expiresMs: ((57 * 365 + 14 + 30) * 24 * 60 * 60 + 0) * 1000,
      },
    ]);
  });

  it.each([
    ["nonsense", "line 1: expected a JSON object"],
    [
      `{"id":"a b","sha256":"${SHA}","owner":"o"}`,
      'line 1: id: expected letters, digits and "-", at most 64, got "a b"',
    ],
    ['{"id":"k1","sha256":"secret-text","owner":"o"}', "line 1: sha256: expected the 64 hexadecimal digits"],
    [`{"id":"k1","sha256":"${SHA}"}`, "line 1: owner: expected a name, got undefined"],
    [`{"id":"k1","sha256":"${SHA}","owner":"o","groups":"a"}`, "line 1: groups: expected a list of texts"],
    [`{"id":"k1","sha256":"${SHA}","owner":"o","expires":"soon"}`, "line 1: expires: expected a time such as"],
    [`{"id":"k1","sha256":"${SHA}","owner":"o","expire":"x"}`, 'line 1: unknown key "expire"'],
  ])("says by line what is wrong with %j", (text, expected) => {
    const [problem] = parseKeyFile(text).problems;
    expect(`${problem?.path}: ${problem?.message}`).toContain(expected);
    expect(problem?.message).not.toContain("secret-text");
  });

  it("refuses a second key of one id", () => {
    const line = `{"id":"k1","sha256":"${SHA}","owner":"o"}`;
    expect(parseKeyFile(`${line}\n${line}`).problems).toEqual([
      { path: "line 2", message: 'the id "k1" stands on a line before' },
    ]);
  });

  it("reads the lines that are written", () => {
    const times = fc.option(fc.integer({ min: 0, max: 4_000_000_000_000 }), { nil: undefined });
    const words = fc.array(fc.string({ minLength: 1 }));
    const records = fc.record({
      id: fc.stringMatching(/^[A-Za-z0-9-]{1,64}$/),
      sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
      owner: fc.string({ minLength: 1 }),
      groups: words,
      scopes: words,
      functions: fc.option(words, { nil: undefined }),
      notBeforeMs: times,
      expiresMs: times,
    });
    fc.assert(
      fc.property(records, (record) => {
        expect(parseKeyFile(toKeyLine(record))).toEqual({ keys: new Map([[record.id, record]]), problems: [] });
      }),
    );
  });

  it("takes any text without throwing", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parseKeyFile(text)));
  });
});

describe("a key", () => {
  it("has its prefix, its id and 256 random bits, and is kept as its digest", () => {
    const { id, text, sha256 } = createKey("bento");
    expect(text).toMatch(new RegExp(`^bento_${id}_[0-9A-Za-z]{43}$`));
    expect(keyId(text)).toBe(id);
    expect(digestOf(text).toString("hex")).toBe(sha256);
    expect(createKey("bento").text).not.toBe(text);
  });

  it.each(["", "bento", "bento_k1", "bento_k1_short", `bento_k1_${"a".repeat(43)} `, `be nto_k1_${"a".repeat(43)}`])(
    "is not %j",
    (text) => {
      expect(keyId(text)).toBeUndefined();
    },
  );
});
