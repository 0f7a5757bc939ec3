import { describe, expect, it } from "vitest";
import type { ServableModel } from "../models/servable-models.ts";
import { modelsEntry } from "./models-entry.ts";

const place = { path: "/mnt/models", modelName: undefined };
const model = (path: string, name?: string, version?: number): ServableModel => ({ path, name, version });

describe("modelsEntry", () => {
  it("calls the only model predict, and the service as its file or as the platform wants it", () => {
    const only = modelsEntry([model("/m/bos_rf.onnx")], { path: "/m/bos_rf.onnx", modelName: undefined });
    expect(only).toEqual({
      kind: "models",
      name: "bos-rf",
      version: "1.0.0",
      models: {
        predict: { path: "/m/bos_rf.onnx", model: { name: "predict", version: 1 }, isDefault: true },
      },
    });
    expect(modelsEntry([model("/m/a.onnx", "a")], { path: "/m", modelName: "Houses" }).name).toBe("houses");
  });

  it("makes each version an API; the highest has the plain name and is the default", () => {
    const { models } = modelsEntry([model("/m/1/m.onnx", undefined, 1), model("/m/3/m.onnx", undefined, 3)], place);
    expect(models).toEqual({
      predict: { path: "/m/3/m.onnx", model: { name: "predict", version: 3 }, isDefault: true },
      predict_v1: { path: "/m/1/m.onnx", model: { name: "predict", version: 1 }, isDefault: false },
    });
  });

  it("calls several models by their own names; over model protocols as they are, as APIs as far as a name allows", () => {
    const { models } = modelsEntry(
      [model("/m/text-cls/m.onnx", "text-cls"), model("/m/2d.onnx", "2d"), model("/m/ö/m.onnx", "ö")],
      place,
    );
    expect(models).toEqual({
      text_cls: { path: "/m/text-cls/m.onnx", model: { name: "text-cls", version: 1 }, isDefault: false },
      m_2d: { path: "/m/2d.onnx", model: { name: "2d", version: 1 }, isDefault: false },
      m__: { path: "/m/ö/m.onnx", model: { name: "m__", version: 1 }, isDefault: false },
    });
  });

  it.each(["health", "constructor", "toString"])("refuses a model whose API would be called %s", (name) => {
    const message = `would be served as "${name}", which no API may be called: rename it`;
    const other = model("/m/a.onnx", "a");
    expect(() => modelsEntry([model(`/m/${name}.onnx`, name), other], place)).toThrow(`${name}.onnx ${message}`);
    expect(() => modelsEntry([model(`/m/${name}/1/m.onnx`, name, 1), other], place)).toThrow(`${name} ${message}`);
  });

  it("calls a SavedModel by its folder", () => {
    const file = "/m/pitch/saved_model.pb";
    expect(modelsEntry([model(file)], { path: file, modelName: undefined }).name).toBe("pitch");
    const models = [model("/m/a.onnx", "a"), model("/m/pitch.onnx", "pitch"), model(file, "pitch")];
    expect(() => modelsEntry(models, place)).toThrow(
      'pitch.onnx and pitch would both be served as "pitch": rename one',
    );
  });

  it("calls a TF.js model by its folder, and by its file where that has a name of its own", () => {
    const named = (file: string): string => modelsEntry([model(file)], { path: file, modelName: undefined }).name;
    expect(named("/m/pitch/model.json")).toBe("pitch");
    expect(named("/m/pitch/notes.json")).toBe("notes");
  });

  it("refuses two that come out alike, and no model at all", () => {
    expect(() => modelsEntry([model("/m/a-b.onnx", "a-b"), model("/m/a_b.onnx", "a_b")], place)).toThrow(
      'a-b.onnx and a_b.onnx would both be served as "a_b": rename one',
    );
    expect(() => modelsEntry([model("/m/1/m.onnx", undefined, 1), model("/m/01/m.onnx", undefined, 1)], place)).toThrow(
      '1 and 01 would both be served as "predict": rename one',
    );
    expect(() => modelsEntry([], place)).toThrow(
      "there is no model in /mnt/models: expected .onnx files, SavedModels or TF.js models",
    );
  });
});
