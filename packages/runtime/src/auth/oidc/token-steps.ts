/** What is looked at in a token, in this order. */
export const TOKEN_STEPS = ["form", "issuer", "header", "signature", "claims", "principal"] as const;

export type TokenStep = (typeof TOKEN_STEPS)[number];
