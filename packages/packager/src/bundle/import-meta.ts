import { readFile } from "node:fs/promises";
import { dirname, extname, relative } from "node:path";
import { type Loader, type Plugin, transform } from "esbuild";

/**
 * Keeps `import.meta.url`, `.dirname` and `.filename` of a file in another folder than the entry true: in the bundle all code stands in one file.
 *
 * A data file is then found where it lies beside the author's file, provided that it is put at the same place beside the bundle.
 */
export function importMeta(entryFile: string): Plugin {
  const entryDir = dirname(entryFile);
  return {
    name: "import-meta",
    setup(build) {
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path }) => {
        const loader = LOADERS[extname(path)];
        if (dirname(path) === entryDir || loader === undefined) return undefined;
        const source = await readFile(path, "utf8");
        if (!/\bimport\s*\.\s*meta\b/.test(source)) return undefined;
        const { code } = await transform(source, {
          loader,
          define: DEFINES,
          // Decorators and newer syntax are lowered later, with the whole bundle.
          target: "esnext",
          sourcefile: path,
          sourcemap: "inline",
        });
        const place = relative(entryDir, path).replaceAll("\\", "/");
        return { contents: `${declarations(place)}${code}`, loader: loader === "ts" ? "js" : loader };
      });
    },
  };
}

const LOADERS: Readonly<Record<string, Loader>> = {
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
};

const NAMES = { url: "__bentoUrl", dirname: "__bentoDirname", filename: "__bentoFilename" } as const;
const DEFINES = Object.fromEntries(Object.entries(NAMES).map(([name, own]) => [`import.meta.${name}`, own]));

/** On one line, so that line numbers stay. */
function declarations(place: string): string {
  return [
    'import { fileURLToPath as __bentoToPath } from "node:url";',
    `const ${NAMES.url} = new URL(${JSON.stringify(encodeURI(place))}, import.meta.url).href;`,
    `const ${NAMES.filename} = __bentoToPath(${NAMES.url});`,
    `const ${NAMES.dirname} = __bentoToPath(new URL(".", ${NAMES.url})).replace(/[/\\\\]$/, "");`,
  ].join(" ");
}
