import { transform } from "esbuild";

/** What vitest needs to know of a plugin: the part of Vite's interface that is used here. */
export interface DecoratorPlugin {
  readonly name: string;
  readonly enforce: "pre";
  transform(code: string, id: string): Promise<{ code: string; map: string } | undefined>;
}

/**
 * A Vite and vitest plugin that lowers TC39 decorators in `.ts` files, so that services can be tested from their source.
 *
 * Vite's own TypeScript step leaves decorators as they are, and no Node version runs them.
 */
export function bentoVitest(): DecoratorPlugin {
  return {
    name: "bento-ts:decorators",
    enforce: "pre",
    async transform(code, id) {
      const path = id.split("?", 1)[0] ?? id;
      if (!/\.[cm]?tsx?$/.test(path) || path.includes("/node_modules/") || !/^\s*@\w/m.test(code)) return undefined;
      const result = await transform(code, {
        loader: path.endsWith("x") ? "tsx" : "ts",
        target: "es2023",
        sourcemap: true,
        sourcefile: path,
        tsconfigRaw: { compilerOptions: { experimentalDecorators: false, verbatimModuleSyntax: true } },
      });
      return { code: result.code, map: result.map };
    },
  };
}
