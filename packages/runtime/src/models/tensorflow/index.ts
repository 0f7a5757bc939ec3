export {
  findNativeTensorFlow,
  INSTALL_COMMAND,
  LIBTENSORFLOW_VERSION,
  type NativeTensorFlow,
  nativeTensorFlowDir,
  nativeTensorFlowFiles,
  requireNativeTensorFlow,
  TFJS_NODE_VERSION,
  verifyNativeTensorFlow,
} from "./native-library.ts";
export { NATIVE_MANIFEST_NAME, type NativeManifest } from "./native-manifest.ts";
export { writeNativeManifest } from "./write-native-manifest.ts";
export { isTfjsFile } from "../model-format.ts";
export { WASM_COMMAND, WASM_PACKAGES } from "../tfjs/wasm-packages.ts";
