import type { Bill, BillItem } from "./bill.ts";
import { contentUuid } from "./content-uuid.ts";
import { toLicence } from "./licence.ts";

/**
 * A bill as SPDX 2.3 JSON. The same bill gives the same text: its namespace is made from the content, and its time is the epoch's first second, since the
 * format demands one.
 *
 * Source: SPDX 2.3, clauses 6, 7 and 11.
 */
export function spdx({ service, items }: Bill): object {
  const ids = new Map(items.map(({ id }, index) => [id, `SPDXRef-${index + 1}`]));
  const refs = (needs: readonly string[]): readonly string[] => needs.flatMap((id) => ids.get(id) ?? []);
  const relations = [
    relation("SPDXRef-DOCUMENT", "DESCRIBES", SERVICE),
    ...refs(service.needs).map((to) => relation(SERVICE, "DEPENDS_ON", to)),
    ...items.flatMap((item) => refs(item.needs).map((to) => relation(ids.get(item.id) ?? "", "DEPENDS_ON", to))),
  ];
  const content = {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: `${service.name}-${service.version}`,
    creationInfo: { created: "1970-01-01T00:00:00Z", creators: [`Tool: bento-ts-${service.toolVersion}`] },
    packages: [servicePackage(service), ...items.map((item) => toPackage(item, ids.get(item.id) ?? ""))],
    relationships: relations,
  };
  return { ...content, documentNamespace: `urn:uuid:${contentUuid(JSON.stringify(content))}` };
}

const SERVICE = "SPDXRef-0";

const PURPOSES = {
  package: "LIBRARY",
  node: "APPLICATION",
  library: "LIBRARY",
  model: "OTHER",
  "model-file": "FILE",
} as const satisfies Record<BillItem["kind"], string>;

const ALGORITHMS = { sha256: "SHA256", sha384: "SHA384", sha512: "SHA512" } as const;

/** What nobody has looked into. Source: SPDX 2.3, 7.7, 7.8, 7.13 and 7.17. */
const UNKNOWN = {
  downloadLocation: "NOASSERTION",
  filesAnalyzed: false,
  licenseConcluded: "NOASSERTION",
  copyrightText: "NOASSERTION",
} as const;

function servicePackage({ name, version, description }: Bill["service"]): object {
  return {
    SPDXID: SERVICE,
    name,
    versionInfo: version,
    ...UNKNOWN,
    licenseDeclared: "NOASSERTION",
    primaryPackagePurpose: "APPLICATION",
    ...(description === "" ? {} : { description }),
  };
}

function toPackage({ kind, name, version, licence, purl, hashes, facts = {} }: BillItem, id: string): object {
  const comment = Object.entries(facts).map(([key, value]) => `${key}: ${value}`);
  return {
    SPDXID: id,
    name,
    ...(version === "" ? {} : { versionInfo: version }),
    ...UNKNOWN,
    ...declared(licence),
    primaryPackagePurpose: PURPOSES[kind],
    ...(hashes.length === 0
      ? {}
      : {
          checksums: hashes.map(({ algorithm, hex }) => ({ algorithm: ALGORITHMS[algorithm], checksumValue: hex })),
        }),
    ...(purl === undefined
      ? {}
      : {
          externalRefs: [{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: purl }],
        }),
    ...(comment.length === 0 ? {} : { comment: comment.join("; ") }),
  };
}

/** Words that are no expression of SPDX go where words may stand. */
function declared(text: string | undefined): object {
  if (text === undefined) return { licenseDeclared: "NOASSERTION" };
  if (toLicence(text).kind !== "name") return { licenseDeclared: text };
  return { licenseDeclared: "NOASSERTION", licenseComments: `Its maker says: ${text}` };
}

function relation(from: string, type: string, to: string): object {
  return { spdxElementId: from, relationshipType: type, relatedSpdxElement: to };
}
