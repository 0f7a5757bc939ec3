/** A digest of some content. */
export interface ContentHash {
  readonly algorithm: "sha256" | "sha384" | "sha512";
  /** Lower-case hexadecimal. */
  readonly hex: string;
}

const ALGORITHMS = { sha256: 32, sha384: 48, sha512: 64 } as const satisfies Record<ContentHash["algorithm"], number>;

/**
 * The hashes in a subresource integrity text, hexadecimal; those of older algorithms (SHA-1) are left out.
 *
 * Source: W3C Subresource Integrity, "integrity-metadata".
 */
export function integrityHashes(integrity: string): readonly ContentHash[] {
  return integrity.split(/\s+/).flatMap((part) => {
    const [, algorithm = "", base64 = ""] = /^(sha\d+)-([A-Za-z0-9+/]+={0,2})(?:\?.*)?$/.exec(part) ?? [];
    const bytes = Buffer.from(base64, "base64");
    return isKnown(algorithm) && bytes.length === ALGORITHMS[algorithm]
      ? [{ algorithm, hex: bytes.toString("hex") }]
      : [];
  });
}

function isKnown(algorithm: string): algorithm is ContentHash["algorithm"] {
  return Object.hasOwn(ALGORITHMS, algorithm);
}
