import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bentoTs, run } from "../support/cli.ts";
import { describeWith } from "../support/needs.ts";

interface Installed {
  readonly addonDir: string;
  readonly version: string;
  readonly wasThere: boolean;
}

// No part of it may come from a node_modules folder of the project.
const TELL_LOADED = `
  const util = require("node:util");
  util.isNullOrUndefined ??= (value) => value == null;
  util.isArray ??= Array.isArray;
  const tf = require(process.argv[1]);
  const sum = tf.tensor1d([1, 2, 4]).sum().dataSync()[0];
  console.log(JSON.stringify({ backend: tf.getBackend(), sum, files: Object.keys(require.cache) }));
`;

describeWith("native tensorflow", "bento-ts tensorflow install", () => {
  it("finds in a second what was prepared, whole, and installs nothing", async () => {
    const { exitCode, stdout, stderr } = await bentoTs(["tensorflow", "install", "--json"], {
      PIP_INDEX_URL: "http://127.0.0.1:1",
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ version: "2.15.1", wasThere: true });
  });

  it("gives an addon that computes, with all that it requires in its own folder", async () => {
    const { stdout } = await bentoTs(["tensorflow", "install", "--json"]);
    const { addonDir } = JSON.parse(stdout) as Installed;
    expect(createRequire(join(addonDir, "package.json"))("./package.json")).toMatchObject({ version: "4.22.0" });
    const told = await run(process.execPath, ["-e", TELL_LOADED, addonDir], { TF_CPP_MIN_LOG_LEVEL: "2" });
    const { files, ...computed } = JSON.parse(told.stdout) as { readonly files: readonly string[] };
    expect(computed).toEqual({ backend: "tensorflow", sum: 7 });
    expect(files.filter((file) => !file.startsWith(addonDir))).toEqual([]);
  });
});
