import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";

const run = promisify(execFile);
const source = fileURLToPath(new URL("../../", import.meta.url));
const evaluate = async (code: string, cwd: string): Promise<string> =>
  (await run(process.execPath, ["--no-warnings", "--input-type=module", "-e", code], { cwd })).stdout.trim();

describe("loadSharp", () => {
  it("is not called by importing or defining a picture type, only by reading one", async () => {
    const code = `
      import { image } from "./io/image/image.ts";
      import { contentFromBytes } from "./io/content.ts";
      const libraries = () => process.report.getReport().sharedObjects.filter((path) => /vips/.test(path)).length;
      const type = image({ size: [8, 8] });
      const before = libraries();
      const part = { name: undefined, fileName: undefined, mediaType: "image/png", content: contentFromBytes(Buffer.from("\\x89PNG\\r\\n\\x1a\\n", "latin1")) };
      await Promise.resolve(type.read({ kind: "parts", parts: [part] }, { nan: "error" })).catch(() => {});
      console.log(before, libraries() > 0);`;
    expect(await evaluate(code, source)).toBe("0 true");
  });

  it("says what to install when the decoder is missing", async () => {
    const folder = await mkdtemp(join(tmpdir(), "no-sharp-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    for (const path of ["errors.ts", "error-table.ts", "io/image/load-sharp.ts"]) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await cp(join(source, path), join(folder, path));
    }
    const code = `
      import { loadSharp } from "./io/image/load-sharp.ts";
      await loadSharp().catch((error) => console.log(error.code, error.message, error.cause.code));`;
    expect(await evaluate(code, folder)).toBe(
      `INTERNAL image() needs the package "sharp" with its native files for ${process.platform}-${process.arch}: npm install sharp ERR_MODULE_NOT_FOUND`,
    );
  });
});
