import { describe, expect, it } from "vitest";
import { matchReplacements } from "./replacements.ts";

const SOURCES = [
  "models/forest.onnx",
  "/mnt/scaler",
  "words:1.2.0",
  "a/part.onnx",
  "b/part.onnx",
  "web/notes/model.json",
];

describe("matchReplacements", () => {
  it.each([
    ["a source as the code writes it", "models/forest.onnx", "models/forest.onnx"],
    ["a file's name", "forest", "models/forest.onnx"],
    ["a folder's name", "scaler", "/mnt/scaler"],
    ["the folder of a model.json", "notes", "web/notes/model.json"],
    ["a tag", "words:1.2.0", "words:1.2.0"],
    ["a tag's name", "words", "words:1.2.0"],
    ["one of two sources of one name", "b/part.onnx", "b/part.onnx"],
  ])("takes %s for a key", (_name, key, source) => {
    expect([...matchReplacements({ [key]: "other:2" }, SOURCES)]).toEqual([[source, "other:2"]]);
  });

  it("refuses every key that means no model or several, or the same one again, all at once", () => {
    const configured = { forst: "x:1", part: "x:1", toString: "x:1", forest: "x:1", "models/forest.onnx": "x:1" };
    expect(() => matchReplacements(configured, SOURCES)).toThrow(
      expect.objectContaining({
        code: "FAILED_PRECONDITION",
        message:
          'models.forst: the service has no such model, did you mean "forest"?; ' +
          'models.part: the service has several, name one by its source: "a/part.onnx", "b/part.onnx"; ' +
          'models.toString: the service has no such model, it has "models/forest.onnx", "/mnt/scaler", "words:1.2.0", "a/part.onnx", "b/part.onnx", "web/notes/model.json"; ' +
          'models.models/forest.onnx: "models/forest.onnx" is replaced by another key as well',
      }),
    );
    expect(() => matchReplacements({ forest: "x:1" }, [])).toThrow(
      "models.forest: the service has no such model, it has none",
    );
  });
});
