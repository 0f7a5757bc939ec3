import type { JsonValue } from "../io/types.ts";
import type { Layer } from "./layer.ts";
import { objectLayer } from "./object-layer.ts";

const WHERE = "@service({ config })";
const PLATFORM_SECTIONS = ["security.", "server.tls.", "server.cors."];

/**
 * The layer of the author's code.
 *
 * `security`, TLS and CORS are refused there: who may call is the platform's to open, and an author can narrow it, never widen (security.md A1.2).
 */
export function serviceLayer(config: Readonly<Record<string, JsonValue>>): Layer {
  const layer = objectLayer("service", config, () => WHERE);
  const refused = layer.given.filter(({ path }) => PLATFORM_SECTIONS.some((section) => path.startsWith(section)));
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
