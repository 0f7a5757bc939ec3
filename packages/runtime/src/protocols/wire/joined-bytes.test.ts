import { describe, expect, it } from "vitest";
import { JoinedBytes } from "./joined-bytes.ts";
import { ProtoReader } from "./proto-reader.ts";

describe("JoinedBytes", () => {
  it("is a view of one piece, and all pieces one behind the other", () => {
    // Three fields without their tags: lengths 2, 0 and 1.
    const bytes = Buffer.from("02616200 0163".replaceAll(" ", ""), "hex");
    const reader = new ProtoReader(bytes);
    const joined = new JoinedBytes().take(reader);
    expect(joined.whole.buffer).toBe(bytes.buffer);
    expect(joined.take(reader).take(reader).whole.toString()).toBe("abc");
    expect(bytes.toString("hex")).toBe("026162000163");
  });

  it("copies nothing for empty pieces, however many come", () => {
    const bytes = Buffer.concat([Buffer.from("0161", "hex"), Buffer.alloc(100_000)]);
    const reader = new ProtoReader(bytes);
    const joined = new JoinedBytes();
    while (reader.at < reader.end) joined.take(reader);
    expect(joined.whole.toString()).toBe("a");
    expect(joined.whole.buffer).toBe(bytes.buffer);
  });
});
