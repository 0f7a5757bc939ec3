// Puts the .proto files into the built runtime, which answers reflection from them: run by its build, in its folder.
import { cpSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const from = fileURLToPath(new URL("../protos", import.meta.url));
rmSync("dist/protos", { recursive: true, force: true });
cpSync(from, "dist/protos", { recursive: true, filter: (path) => !path.endsWith(".md") });
