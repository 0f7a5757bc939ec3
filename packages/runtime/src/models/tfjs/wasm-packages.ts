import { TFJS_NODE_VERSION } from "../tensorflow/native-library.ts";

/**
 * The packages of npm that compute TF.js models without native code; a project brings them, in the version that tfjs-node has.
 *
 * They stand in no package.json of ours: 121 MB for everyone who has other models, and as peers they would break the install of a project that has another
 * version of them. Measured 2026-11-26, `npm install` of the four.
 */
export const WASM_PACKAGES: readonly string[] = ["core", "converter", "layers", "backend-wasm"].map(
  (name) => `@tensorflow/tfjs-${name}`,
);

/** What brings them; for messages. */
export const WASM_COMMAND = `npm install ${WASM_PACKAGES.map((name) => `${name}@${TFJS_NODE_VERSION}`).join(" ")}`;
