import { describe, expect, it } from "vitest";
import { differenceFrom } from "./shown.ts";

describe("what a page shows", () => {
  it.each([
    ['{"b": 1, "a": [1.5]}', '{"a":[1.5],"b":1}'],
    ["[23.48…, 30…]", "[23.48894691467285,30.876625061035156]"],
    ['{"id": "…", "detail": "a … c", "n": …}', '{"id":"x-1","detail":"a b c","n":{"any":1}}'],
    ['{"status": 400, "…": "…"}', '{"status":400,"code":"INVALID_ARGUMENT"}'],
    ['[1, "…"]', "[1,2,3]"],
    ["HTTP/1.1 200 OK\nx-request-id: …\n[]", "HTTP/1.1 200 OK\r\ndate: now\r\nx-request-id: 7\r\n\r\n[]"],
    ['data: {"i":0}\n\nevent: end', 'data: {"i":0}\n\nevent: end\ndata: {}\n\n'],
  ])("agrees: %s", (shown, printed) => {
    expect(differenceFrom(printed, shown)).toBeUndefined();
  });

  it.each([
    ['{"a": 1}', '{"a":1,"b":2}', "/b: the page does not show it"],
    ['{"a": 1, "b": 2}', '{"a":1}', "/b: is missing"],
    ["[1, 2]", "[1,2,3]", ": expected a list of 2, got [1,2,3]"],
    ["[23.48…]", "[23.49]", "/0: expected"],
    ['{"detail": "a … c"}', '{"detail":"a b d"}', "/detail: expected a … c"],
    ["[1]", "oops", "expected JSON, got oops"],
    ["b\na", "a\nb", 'no line "a"'],
  ])("differs: %s", (shown, printed, difference) => {
    expect(differenceFrom(printed, shown)).toContain(difference);
  });
});
