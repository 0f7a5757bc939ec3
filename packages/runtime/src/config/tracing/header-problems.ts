import type { OtlpProtocol } from "../../call/tracing.ts";
import type { Problem } from "../../errors.ts";
import type { Variables } from "../env-layer.ts";
import { parsePairs } from "./pairs.ts";

const HEADERS = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"] as const;

/** What names and values may be. Sources: RFC 9110, 5.1 and 5.5; gRPC over HTTP/2, "Custom-Metadata". */
const HTTP = { name: /^[\w!#$%&'*+.^`|~-]+$/, value: /^[\t\x20-\x7e\x80-\xff]*$/ };
const GRPC = { name: /^(?!.*-bin$)[0-9a-z_.-]+$/i, value: /^[\x20-\x7e]*$/ };

/** Headers for the collector that could not be sent with any span. They hold its credentials, and the library's own error tells the value: it is found before, and not told. */
export function headerProblems(env: Variables, protocol: OtlpProtocol): readonly Problem[] {
  const allowed = protocol === "grpc" ? GRPC : HTTP;
  return HEADERS.flatMap((path) => {
    const isSendable = Object.entries(parsePairs(env[path] ?? "")).every(
      ([name, value]) => allowed.name.test(decoded(name)) && allowed.value.test(decoded(value)),
    );
    if (isSendable) return [];
    return [{ path, message: `expected name=value pairs that ${protocol} can send as headers, got one that it can't` }];
  });
}

/** As the library reads it; what it can't read it leaves out. */
function decoded(text: string): string {
  const [plain = ""] = text.split(";");
  try {
    return decodeURIComponent(plain);
  } catch {
    return "unread";
  }
}
