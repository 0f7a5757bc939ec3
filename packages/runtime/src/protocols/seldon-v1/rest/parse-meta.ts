import { describeValue } from "../../../describe-value.ts";
import { METRIC_TYPES, NO_META, type SeldonMeta, type SeldonMetric } from "../types.ts";
import { fault, fieldsAt, int32At, listAt, mapAt, numberAt, objectAt, type Strictness, textAt } from "./json-fields.ts";

/** Reads the meta of a message from JSON; all of its members may be left out. Throws INVALID_ARGUMENT with the place of what is wrong. */
export function parseMeta(value: unknown, path: string, strictness: Strictness): SeldonMeta {
  if (value === undefined) return NO_META;
  const meta = fieldsAt(value, path, { known: META_FIELDS, strictness });
  const tags = meta.get("tags");
  return {
    puid: textAt(meta.get("puid"), `${path}/puid`),
    tags: tags === undefined ? {} : objectAt(tags, `${path}/tags`),
    routing: mapAt(meta.get("routing"), `${path}/routing`, int32At),
    requestPath: mapAt(meta.get("requestPath"), `${path}/requestPath`, textAt),
    metrics: listAt(meta.get("metrics"), `${path}/metrics`).map((metric, index) =>
      parseMetric(metric, `${path}/metrics/${index}`, strictness),
    ),
  };
}

const META_FIELDS = ["puid", "tags", "routing", "requestPath", "metrics"] as const satisfies (keyof SeldonMeta)[];
const METRIC_FIELDS = ["key", "type", "value", "tags"] as const satisfies (keyof SeldonMetric)[];

function parseMetric(value: unknown, path: string, strictness: Strictness): SeldonMetric {
  const metric = fieldsAt(value, path, { known: METRIC_FIELDS, strictness });
  return {
    key: textAt(metric.get("key"), `${path}/key`),
    type: parseType(metric.get("type"), `${path}/type`),
    value: numberAt(metric.get("value"), `${path}/value`),
    tags: mapAt(metric.get("tags"), `${path}/tags`, textAt),
  };
}

/** By name or number; protobuf's JSON leaves out what is the default. */
function parseType(value: unknown, path: string): SeldonMetric["type"] {
  if (value === undefined) return "COUNTER";
  const type = METRIC_TYPES.find((name, number) => name === value || number === value);
  if (type !== undefined) return type;
  throw fault(path, `expected one of ${METRIC_TYPES.join(", ")}, got ${describeValue(value)}`);
}
