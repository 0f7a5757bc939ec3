import type { Bill, BillItem } from "./bill.ts";
import { contentUuid } from "./content-uuid.ts";
import { toLicence } from "./licence.ts";

/**
 * A bill as CycloneDX 1.6 JSON. The same bill gives the same text: no time, and a serial number made from the content.
 *
 * Source: CycloneDX 1.6, bom-1.6.schema.json.
 */
export function cycloneDx({ service, items }: Bill): object {
  const content = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      tools: { components: [{ type: "application", name: "bento-ts", version: service.toolVersion }] },
      component: {
        type: "application",
        "bom-ref": SERVICE,
        name: service.name,
        version: service.version,
        ...(service.description === "" ? {} : { description: service.description }),
      },
    },
    components: items.map(toComponent),
    dependencies: [
      { ref: SERVICE, dependsOn: service.needs },
      ...items.map(({ id, needs }) => ({ ref: id, ...(needs.length === 0 ? {} : { dependsOn: needs }) })),
    ],
  };
  return { ...content, serialNumber: `urn:uuid:${contentUuid(JSON.stringify(content))}` };
}

/** The service among the ids, which are paths of the bento. */
const SERVICE = "service";

const TYPES = {
  package: "library",
  node: "platform",
  library: "library",
  model: "machine-learning-model",
  "model-file": "file",
} as const satisfies Record<BillItem["kind"], string>;

const ALGORITHMS = { sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" } as const;

function toComponent({ id, kind, name, version, licence, purl, hashes, facts = {} }: BillItem): object {
  const properties = Object.entries(facts).map(([key, value]) => ({ name: `bento-ts:${key}`, value }));
  return {
    type: TYPES[kind],
    "bom-ref": id,
    ...nameParts(kind, name),
    ...(version === "" ? {} : { version }),
    ...(hashes.length === 0
      ? {}
      : { hashes: hashes.map(({ algorithm, hex }) => ({ alg: ALGORITHMS[algorithm], content: hex })) }),
    ...(licence === undefined ? {} : { licenses: [toChoice(licence)] }),
    ...(purl === undefined ? {} : { purl }),
    ...(properties.length === 0 ? {} : { properties }),
  };
}

/** The scope of a package is its group. */
function nameParts(kind: BillItem["kind"], name: string): object {
  const [scope = "", rest] = name.split("/");
  return kind === "package" && rest !== undefined ? { group: scope, name: rest } : { name };
}

function toChoice(text: string): object {
  const licence = toLicence(text);
  return licence.kind === "expression" ? { expression: text } : { license: { [licence.kind]: text } };
}
