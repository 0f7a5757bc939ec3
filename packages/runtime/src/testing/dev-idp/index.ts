export { devClaims, type DevClaimOptions } from "./dev-claims.ts";
export { devIdpDir, loadDevKey, type DevKey } from "./dev-key.ts";
export { type DevIssuer, type DevIssuerOptions, startDevIssuer } from "./dev-issuer.ts";
export { runningIssuers, type RunningIssuer } from "./running-issuers.ts";
export { signDevToken } from "./sign-token.ts";
