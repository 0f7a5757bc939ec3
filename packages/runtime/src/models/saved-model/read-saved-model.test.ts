import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { describeWith, pitchModelDir } from "../../../../../test/support/needs.ts";
import { createTempDir } from "../temp-dir.fixture.ts";
import { readSavedModel, savedModelFiles } from "./read-saved-model.ts";

const models = new URL("../../../../../test/models/tensorflow/", import.meta.url).pathname;

let dir: string;
beforeEach(async () => {
  dir = join(await createTempDir(), "mlp");
  cpSync(`${models}mlp`, dir, { recursive: true });
});

describe("readSavedModel", () => {
  const lacking = (file: string): object => ({
    code: "FAILED_PRECONDITION",
    message: `the SavedModel "mlp" lacks values of its variables: expected ${file} in its folder variables; copy the whole folder`,
  });

  it("refuses a model with variables whose index or shard is missing, and takes it whole", async () => {
    expect(await readSavedModel(dir)).toMatchObject({ hasVariables: true });
    const shard = join(dir, "variables/variables.data-00000-of-00001");
    renameSync(shard, `${shard}.part`);
    await expect(readSavedModel(dir)).rejects.toMatchObject(lacking("variables.data-00000-of-00001"));
    rmSync(join(dir, "variables"), { recursive: true });
    await expect(readSavedModel(dir)).rejects.toMatchObject(lacking("variables.index"));
  });

  it("counts shards by their names", async () => {
    const variables = join(dir, "variables");
    renameSync(join(variables, "variables.data-00000-of-00001"), join(variables, "variables.data-00000-of-00003"));
    writeFileSync(join(variables, "variables.data-00002-of-00003"), "");
    await expect(readSavedModel(dir)).rejects.toMatchObject(lacking("variables.data-00001-of-00003"));
  });

  it("needs no variables where the graph has none", async () => {
    rmSync(dir, { recursive: true });
    cpSync(`${models}kinds`, dir, { recursive: true });
    rmSync(join(dir, "variables"), { recursive: true });
    expect(await readSavedModel(dir)).toMatchObject({ hasVariables: false });
  });

  it("names the folder, since every SavedModel calls its file alike", async () => {
    writeFileSync(join(dir, "saved_model.pb"), "");
    await expect(readSavedModel(dir)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: '"mlp/saved_model.pb" is not a readable SavedModel: the file is empty',
    });
    rmSync(join(dir, "saved_model.pb"));
    await expect(readSavedModel(dir)).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: 'there is no model file "mlp/saved_model.pb"',
    });
  });
});

describe("savedModelFiles", () => {
  it("lists variables, assets and fingerprint, through links, and nothing else that lies there", async () => {
    mkdirSync(join(dir, "assets/deep"), { recursive: true });
    writeFileSync(join(dir, "assets/deep/words.txt"), "red");
    writeFileSync(join(dir, "assets/.DS_Store"), "");
    writeFileSync(join(dir, "notes.md"), "");
    renameSync(join(dir, "variables"), join(dir, "..data"));
    symlinkSync("..data", join(dir, "variables"));
    expect(await savedModelFiles(dir)).toEqual([
      "assets/deep/words.txt",
      "fingerprint.pb",
      "variables/variables.data-00000-of-00001",
      "variables/variables.index",
    ]);
  });
});

describeWith("notes model", "readSavedModel on a network that others trained", () => {
  it("reads the notes model of basic-pitch", async () => {
    const shapes = { contour: [null, 172, 264], note: [null, 172, 88], onset: [null, 172, 88] };
    expect(await readSavedModel(join(pitchModelDir(), "nmp"))).toMatchObject({
      tags: ["serve"],
      hasVariables: true,
      signatures: [
        {
          name: "serving_default",
          inputs: [{ name: "input_2", tensor: "serving_default_input_2:0", dtype: "float32", shape: [null, 43844, 1] }],
          outputs: Object.entries(shapes).map(([name, shape]) => ({ name, dtype: "float32", shape })),
        },
      ],
    });
  });
});
