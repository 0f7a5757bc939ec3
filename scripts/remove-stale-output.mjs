// Removes what a package's dist/ holds of sources that are gone or are not built: the compiler never removes anything, and all of dist/ is packed. Chunks are
// the bundler's, which removes its own.
// Runs in the folder of the package, before it is packed.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";

for (const entry of readdirSync("dist", { recursive: true, withFileTypes: true })) {
  // The build puts .proto files there anew each time.
  if (entry.isDirectory() || entry.name.endsWith(".proto") || entry.parentPath.endsWith("chunks")) continue;
  const file = join(entry.parentPath, entry.name);
  const source = join("src", relative("dist", file).replace(/(\.d\.ts|\.js)$/, ".ts"));
  if (!existsSync(source) || /\.(test|fixture)\.ts$/.test(source)) rmSync(file);
}
