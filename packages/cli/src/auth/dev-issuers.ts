import type { IssuerConfig } from "@bento-ts/runtime/config";

/** The issuers of this machine that run for a service, as its server takes their tokens. */
export async function devIssuersFor(service: string): Promise<readonly IssuerConfig[]> {
  const { devIdpDir, runningIssuers } = await import("@bento-ts/runtime/dev-idp");
  const running = await runningIssuers(devIdpDir());
  return running.filter(({ audience }) => audience === service).map(devIssuerConfig);
}

/** How a server takes tokens of an issuer of this machine. */
export function devIssuerConfig({
  issuer,
  audience,
}: {
  readonly issuer: string;
  readonly audience: string;
}): IssuerConfig {
  return { issuer, audiences: [audience], groupsClaim: "/groups" };
}
