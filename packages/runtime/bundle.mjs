// Joins the runtime's sources into a few files, in the folder of the package: loading two hundred small ones was a fifth of a server's start. Packages that it
// depends on stay outside, but for TypeBox with its seven hundred files, and for what sends traces: installed it is 31 MB in 18 packages, of which 0.25 MB are used,
// and only where traces are on.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const BUNDLED = ["typebox", "@opentelemetry/"];
const { exports, bin } = JSON.parse(readFileSync("package.json", "utf8"));
const named = [...Object.values(exports).flatMap((entry) => entry.default ?? []), ...Object.values(bin)];
// Run by processes and threads of their own.
const mains = ["./dist/server/worker-main.js", "./dist/models/inference-thread-main.js"];

for (const file of readdirSync("dist", { recursive: true })) if (file.endsWith(".js")) rmSync(join("dist", file));
const { metafile } = await build({
  entryPoints: [...named, ...mains].map((file) => file.replace("./dist/", "src/").replace(/\.js$/, ".ts")),
  outdir: "dist",
  outbase: "src",
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  // One copy of each module, whichever entries are loaded: errors and registries are known by identity.
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22.12",
  metafile: true,
  // Comments name the files that were joined: by where they are found, so that a node_modules that is a link puts no folder of this machine into them.
  preserveSymlinks: true,
  // The modules of OpenTelemetry's packages: their CommonJS would come whole, and requires what an ES module can't.
  mainFields: ["module", "main"],
  logLevel: "warning",
  plugins: [{ name: "packages-stay-outside", setup: leavePackagesOutside }],
});

// The bundler keeps what is imported by code that it has left out since nobody uses it.
const kept = new Set();
const keep = (output) => {
  if (kept.has(output) || metafile.outputs[output] === undefined) return;
  kept.add(output);
  for (const { path } of metafile.outputs[output].imports) keep(path);
};
for (const output of Object.keys(metafile.outputs)) if (!output.startsWith("dist/chunks/")) keep(output);
for (const output of Object.keys(metafile.outputs)) {
  if (kept.has(output)) continue;
  rmSync(output);
  delete metafile.outputs[output];
}

// For bills of materials: what lies in here is seen by nobody who lists packages. TypeBox is one that is installed too.
const inside = new Map();
for (const file of Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs))) {
  const [folder] = /^.*node_modules\/@opentelemetry\/[^/]+/.exec(file) ?? [];
  if (folder === undefined) continue;
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  inside.set(`${name}@${version}`, { name, version, license });
}
const listed = [...inside.keys()].sort((a, b) => (a < b ? -1 : 1)).map((id) => inside.get(id));
writeFileSync("dist/chunks/bundled-packages.json", `${JSON.stringify(listed, null, 2)}\n`);

// Their places are told from their own: "../folder/file" holds from every folder directly in dist.
for (const [output, { inputs }] of Object.entries(metafile.outputs)) {
  const own = Object.keys(inputs).filter((file) => file.startsWith("src/"));
  const source = own.find((file) => /new URL\([^;]*import\.meta\.url/.test(readFileSync(file, "utf8")));
  if (source !== undefined && dirname(dirname(output)) !== "dist")
    throw new Error(`${source} looks for a file beside itself and was put into ${output}`);
}

function leavePackagesOutside({ onResolve, onLoad }) {
  onResolve({ filter: /^[^./]/ }, ({ path, kind, importer, namespace }) => {
    const isBundled =
      kind === "entry-point" || BUNDLED.some((name) => path.startsWith(name)) || importer.includes("/typebox/");
    if (isBundled) return undefined;
    // An ES module has no `require`: what one of the CommonJS ones among them requires is imported for it.
    if (kind === "require-call" && namespace !== "required") return { path, namespace: "required" };
    return { path, external: true };
  });
  onLoad({ filter: /./, namespace: "required" }, ({ path }) => ({
    contents: `export * from ${JSON.stringify(path)}; export { default } from ${JSON.stringify(path)};`,
  }));
}
