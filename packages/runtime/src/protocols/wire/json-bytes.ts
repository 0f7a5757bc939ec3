import { describeValue } from "../../describe-value.ts";
import { invalidInput } from "../../errors.ts";
import { decodeBase64 } from "../../io/base64.ts";

/**
 * The bytes of a field of type `bytes` in protobuf's JSON: base64 of either alphabet, padded or not.
 *
 * Throws INVALID_ARGUMENT at `path` for anything else. Source: Protocol Buffers, "ProtoJSON Format".
 */
export function bytesFromProtoJson(value: unknown, path: string): Uint8Array {
  if (typeof value !== "string")
    throw invalidInput([{ path, message: `expected base64, got ${describeValue(value)}` }]);
  const standard = value.replaceAll("-", "+").replaceAll("_", "/");
  const missing = standard.endsWith("=") ? 0 : (4 - (standard.length % 4)) % 4;
  return decodeBase64(missing === 3 ? standard : standard + "=".repeat(missing), path);
}
