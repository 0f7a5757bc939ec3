/** Exit codes of `bento-ts-server`. They are part of the product: scripts and orchestrators tell a refused configuration from a failure by them. */
export const EXIT = { done: 0, failed: 1, usage: 2, refused: 78 } as const;
