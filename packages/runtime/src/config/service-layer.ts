import type { JsonValue } from "../io/types.ts";
import type { Layer } from "./layer.ts";
import { objectLayer } from "./object-layer.ts";

const WHERE = "@service({ config })";
/** Keys, or what they begin with. The admin port asks nobody who they are; a trusted proxy's word decides addresses, on which filters and limits rest. */
const PLATFORM_KEYS = ["security.", "server.tls.", "server.cors.", "server.trustedProxies", "server.admin.host"];

/**
 * The layer of the author's code.
 *
 * `security`, TLS, CORS and whom the server believes are refused there: who may call is the platform's to open, and an author can narrow it, never widen (security.md A1.2).
 */
export function serviceLayer(config: Readonly<Record<string, JsonValue>>): Layer {
  const layer = objectLayer("service", config, () => WHERE);
  const refused = layer.given.filter(({ path }) => PLATFORM_KEYS.some((begin) => path.startsWith(begin)));
  return {
    ...layer,
    given: layer.given.filter((given) => !refused.includes(given)),
    problems: [
      ...layer.problems,
      ...refused.map(({ path }) => ({
        path,
        message: `can't be set in code; set it in bento.yaml, by --config or by its variable (${WHERE})`,
      })),
    ],
  };
}
