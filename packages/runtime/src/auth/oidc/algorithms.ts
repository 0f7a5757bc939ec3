/** What a key must be for a signature algorithm. */
interface AlgorithmRow {
  readonly kty: "RSA" | "EC" | "OKP";
  readonly crv: string | undefined;
  readonly isDefault: boolean;
}

/** The signature algorithms of tokens: asymmetric ones alone, so that no public key can serve as a secret. Source: RFC 7518, section 3.1; RFC 8037. */
export const ALGORITHMS = {
  RS256: { kty: "RSA", crv: undefined, isDefault: true },
  RS384: { kty: "RSA", crv: undefined, isDefault: false },
  RS512: { kty: "RSA", crv: undefined, isDefault: false },
  PS256: { kty: "RSA", crv: undefined, isDefault: true },
  PS384: { kty: "RSA", crv: undefined, isDefault: false },
  PS512: { kty: "RSA", crv: undefined, isDefault: false },
  ES256: { kty: "EC", crv: "P-256", isDefault: true },
  ES384: { kty: "EC", crv: "P-384", isDefault: false },
  ES512: { kty: "EC", crv: "P-521", isDefault: false },
  EdDSA: { kty: "OKP", crv: "Ed25519", isDefault: true },
} as const satisfies Record<string, AlgorithmRow>;

export type Algorithm = keyof typeof ALGORITHMS;

/** Exactly one of the names, no other spelling. */
export function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === "string" && Object.hasOwn(ALGORITHMS, name);
}
