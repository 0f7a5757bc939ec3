import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DevIssuer, startDevIssuer } from "../../packages/runtime/src/testing/dev-idp/index.ts";
import { type BenchServer, startOurs } from "./servers.ts";

/** A server of ours with everything on that security has to say of a call, and an issuer of tokens for it. */
export interface SecuredServer extends BenchServer {
  readonly issuer: DevIssuer;
  /** A folder for files of this server, which is gone when it stops. */
  readonly dir: string;
}

export interface SecuredOptions {
  readonly workers: number;
  /** Variables by the folder's path. */
  readonly env?: (dir: string) => Promise<Readonly<Record<string, string>>>;
}

const RULES = {
  "*": {
    allow: [{ groups: ["admins"] }, { groups: ["ml"], scopes: ["predict"] }],
    deny: [{ principals: ["svc-old"] }],
  },
};

/** What a token needs to be let through the rules. */
export const ALLOWED = { groups: ["ml"], scopes: ["predict"] } as const;

/** Serves a model to callers with tokens of a development issuer (ES256), by rules, each call with an audit record in a file. */
export async function startSecured(target: string, { workers, env }: SecuredOptions): Promise<SecuredServer> {
  const dir = mkdtempSync(join(tmpdir(), "bento-bench-"));
  const issuer = await startDevIssuer({ audience: "models" });
  const server = await startOurs(target, {
    workers,
    env: {
      BENTO_SECURITY_OIDC_ISSUERS: JSON.stringify([
        { issuer: issuer.issuer, audiences: ["models"], groupsClaim: "groups" },
      ]),
      BENTO_SECURITY_AUTHORIZATION_FUNCTIONS: JSON.stringify(RULES),
      BENTO_SECURITY_AUDIT_FILE: join(dir, "audit.log"),
      ...(await env?.(dir)),
    },
  });
  return {
    ...server,
    issuer,
    dir,
    async stop() {
      await server.stop();
      await issuer.close();
      rmSync(dir, { recursive: true });
    },
  };
}
