import { sign, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createAuthority } from "../../packages/runtime/src/transports/tls/certificates.fixture.ts";

/** A token server for a registry, as "Token Authentication" of Distribution has it. */
export interface TokenServer {
  /** The `auth` of a registry that believes it. */
  readonly auth: (dir: string) => unknown;
  /** What was asked for: method, scopes, who. */
  readonly asked: readonly {
    readonly method: string;
    readonly scopes: readonly string[];
    readonly user: string | undefined;
  }[];
  close(): Promise<void>;
}

export interface TokenUsers {
  /** Who may push, with their passwords; anybody may pull unless `isPublic` is false. */
  readonly passwords: Readonly<Record<string, string>>;
  readonly refreshTokens?: Readonly<Record<string, string>>;
  readonly isPublic?: boolean;
  /** How long tokens are good, by the count of those issued. */
  readonly lifeSeconds?: (nth: number) => number;
}

const ISSUER = "issuer of the test";
const SERVICE = "registry of the test";

/** Starts a token server. It signs with a key whose certificate an authority of its own has signed. */
export async function startTokenServer(users: TokenUsers): Promise<TokenServer> {
  const authority = createAuthority();
  const pair = authority.issue("tokens");
  const chain = [new X509Certificate(pair.cert).raw.toString("base64")];
  const asked: { method: string; scopes: readonly string[]; user: string | undefined }[] = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const form = new URLSearchParams(
        request.method === "POST" ? body : new URL(request.url ?? "/", "http://x").search,
      );
      const scopes = form.getAll("scope").flatMap((scope) => scope.split(" "));
      const user = userOf(request.headers.authorization, form, users);
      asked.push({ method: request.method ?? "", scopes, user });
      if (user === undefined && (request.headers.authorization !== undefined || users.isPublic === false)) {
        response.writeHead(401).end('{"errors":[{"code":"UNAUTHORIZED","message":"who is that with s3cret?"}]}');
        return;
      }
      const access = scopes.map((scope) => grant(scope, user !== undefined));
      const lifeSeconds = users.lifeSeconds?.(asked.length - 1) ?? 300;
      const now = Math.floor(Date.now() / 1000);
      const claims = {
        iss: ISSUER,
        aud: SERVICE,
        sub: user ?? "",
        nbf: now - 3600,
        iat: now - 3600,
        exp: now + lifeSeconds,
        access,
      };
      const token = jwt({ typ: "JWT", alg: "ES256", x5c: chain }, claims, pair.key);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(request.method === "POST" ? { access_token: token } : { token }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    auth(dir) {
      const rootcertbundle = join(dir, "tokens.pem");
      writeFileSync(rootcertbundle, authority.ca);
      return { token: { realm: `http://127.0.0.1:${port}/token`, service: SERVICE, issuer: ISSUER, rootcertbundle } };
    },
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function userOf(authorization: string | undefined, form: URLSearchParams, users: TokenUsers): string | undefined {
  const refresh = form.get("refresh_token");
  if (refresh !== null) return users.refreshTokens?.[refresh];
  const [user = "", password] = Buffer.from((authorization ?? "").slice("Basic ".length), "base64")
    .toString()
    .split(":");
  return password !== undefined && users.passwords[user] === password ? user : undefined;
}

function grant(scope: string, mayPush: boolean): unknown {
  const [type, name, actions = ""] = scope.split(":");
  return { type, name, actions: actions.split(",").filter((action) => mayPush || action === "pull") };
}

function jwt(header: object, claims: object, key: string): string {
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  const signature = sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
  return `${signed}.${signature}`;
}
