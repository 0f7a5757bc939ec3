import fc from "fast-check";
import { expect, it } from "vitest";
import { ServingError } from "../../errors.ts";
import { readServiceName } from "../health/codec.ts";
import { readQuestion } from "./codec.ts";

/** Tag and length of a delimited field, and a text. */
const field = (number: number, text: string): Buffer =>
  Buffer.concat([Buffer.from([number * 8 + 2, Buffer.byteLength(text)]), Buffer.from(text)]);

it.each([
  ["a file", Buffer.concat([field(1, "host"), field(3, "a.proto")]), { kind: "file", name: "a.proto" }],
  ["a symbol", field(4, "a.B"), { kind: "symbol", name: "a.B" }],
  ["an extension, by the message that has it", field(5, "\n\u0003a.B\u0010\u0001"), { kind: "extension", name: "a.B" }],
  ["extension numbers", field(6, "a.B"), { kind: "extensionNumbers", name: "a.B" }],
  ["services", field(7, ""), { kind: "services" }],
  ["nothing", Buffer.alloc(0), { kind: "none" }],
  ["the last of two", Buffer.concat([field(3, "a.proto"), field(4, "a.B")]), { kind: "symbol", name: "a.B" }],
  ["something with fields that mean nothing here", Buffer.concat([field(9, "?"), field(7, "")]), { kind: "services" }],
])("reads a question for %s", (_, message, question) => {
  expect(readQuestion(message).question).toEqual(question);
});

it("refuses what is no message, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      for (const read of [readQuestion, readServiceName]) {
        try {
          read(Buffer.from(bytes));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ServingError);
          expect(thrown).toMatchObject({ code: "INVALID_ARGUMENT" });
        }
      }
    }),
  );
  expect(() => readServiceName(Buffer.from([0x0a, 5, 0x61]))).toThrow("not a valid protobuf message");
  expect(() => readQuestion(Buffer.from([0x22, 0xff, 0xff, 0xff, 0xff, 0x0f]))).toThrow("not a valid protobuf message");
});
