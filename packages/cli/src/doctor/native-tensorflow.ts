import {
  findNativeTensorFlow,
  INSTALL_COMMAND,
  nativeTensorFlowDir,
  verifyNativeTensorFlow,
} from "@bento-ts/runtime/tensorflow";

/** Whether this machine can run TensorFlow models natively. */
export interface NativeTensorFlowState {
  readonly state: "ready" | "missing" | "damaged";
  /** Where it is, or would be. */
  readonly dir: string;
  /** Of libtensorflow; null unless it is ready. */
  readonly version: string | null;
  /** The state in words, with the next step where there is one. */
  readonly message: string;
}

/** Looks for the native TensorFlow and reads it through. */
export async function nativeTensorFlowState(
  env: Readonly<Record<string, string | undefined>>,
): Promise<NativeTensorFlowState> {
  const dir = nativeTensorFlowDir(env);
  try {
    const found = findNativeTensorFlow(env);
    if (found === undefined) {
      const message = `not installed: TensorFlow SavedModels can't be served here before "${INSTALL_COMMAND}"`;
      return { state: "missing", dir, version: null, message };
    }
    await verifyNativeTensorFlow(found);
    return { state: "ready", dir, version: found.version, message: `libtensorflow ${found.version} in ${dir}` };
  } catch (cause) {
    return { state: "damaged", dir, version: null, message: cause instanceof Error ? cause.message : String(cause) };
  }
}
