import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { toKeyLine } from "../../packages/runtime/src/auth/api-keys/key-file.ts";
import { createKey } from "../../packages/runtime/src/auth/api-keys/key-text.ts";
import { createTestKey, signToken } from "../../packages/runtime/src/auth/oidc/testing.fixture.ts";
import { issuerProblems } from "../../packages/runtime/src/auth/rules/issuer-problems.ts";
import {
  ISSUERS,
  randomAccess,
  randomClaims,
  WORDS,
} from "../../packages/runtime/src/auth/rules/random-rules.fixture.ts";
import { defineApi } from "../../packages/runtime/src/authoring/define-api.ts";
import { serviceClass } from "../../packages/runtime/src/authoring/define-service-class.ts";
import { registeredService, type ServiceClass } from "../../packages/runtime/src/authoring/registered-service.ts";
import { loadConfig } from "../../packages/runtime/src/config/index.ts";
import type { Access, Authorize } from "../../packages/runtime/src/definition/access/types.ts";
import { t } from "../../packages/runtime/src/index.ts";
import { assertSecure } from "../../packages/runtime/src/server/security/assert-secure.ts";
import { explainAccess } from "../../packages/runtime/src/server/security/explain-access.ts";
import { listen } from "../support/listening-service.ts";

// Issue 5: `auth explain` and the server never disagree, over random rules of all three owners, random settings and random callers.
const KEYS = { good: createTestKey("ES256", "k"), forged: createTestKey("ES256", "k") };
const API_KEYS = [createKey("bento"), createKey("bento"), createKey("bento")] as const;
/** Names of both issuers' callers begin with nothing, so that random rules fit them. */
const PREFIXES = ["a", "b"] as const;
const APIS = ["first", "second", "third"] as const;

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "bento-agrees-"));
  await writeFile(join(dir, "jwks.json"), JSON.stringify({ keys: [KEYS.good.jwk] }));
  const line = ({ id, sha256 }: (typeof API_KEYS)[number], functions: readonly string[] | undefined): string => {
    const times = { notBeforeMs: undefined, expiresMs: undefined };
    return toKeyLine({ id, sha256, owner: "o", groups: ["a", "ab"], scopes: ["b"], ...times, functions });
  };
  await writeFile(join(dir, "keys"), [line(API_KEYS[0], undefined), line(API_KEYS[1], ["second"])].join("\n"));
});
afterAll(() => rm(dir, { recursive: true }));

/** Rules with which a server of several issuers starts: those that do not say which issuer may are of the first. */
const access: fc.Arbitrary<Access> = randomAccess.map(({ allow, deny }) => ({
  ...(deny === undefined ? {} : { deny: deny.filter((rule) => isClear({ deny: [rule] })) }),
  ...(allow === undefined
    ? {}
    : { allow: allow.map((rule) => (isClear({ allow: [rule] }) ? rule : { ...rule, issuer: ISSUERS[0] })) }),
}));
const isClear = (one: Access): boolean => issuerProblems(one, "", PREFIXES).length === 0;

type Rules = Readonly<Record<string, Access>>;
const rules: fc.Arbitrary<Rules> = fc.oneof(
  fc.constant({}),
  fc.record({ "*": access, first: access, second: access }, { requiredKeys: [] }),
);
const authorize: fc.Arbitrary<Authorize | undefined> = fc.oneof(
  { weight: 3, arbitrary: access },
  { weight: 1, arbitrary: fc.constant("public" as const) },
  { weight: 1, arbitrary: fc.constant(undefined) },
);

/** How a server is set up. */
const setup = fc.record({
  authors: fc.tuple(authorize, authorize, authorize),
  platform: rules,
  rulesFile: fc.option(rules, { nil: undefined }),
  authorOverridable: fc.constantFrom([], ["public"]),
  defaultAuthorization: fc.constantFrom("authenticated", "deny"),
  allowAnonymous: fc.boolean(),
});
type Setup = typeof setup extends fc.Arbitrary<infer T> ? T : never;

const token = fc
  .record({
    issuer: fc.constantFrom(...ISSUERS, "https://c.example.com"),
    sub: fc.constantFrom(...WORDS),
    claims: randomClaims,
    fault: fc.constantFrom("none", "none", "none", "none", "none", "none", "expired", "audience", "forged", "cut"),
  })
  .map(({ issuer, sub, claims, fault }) => {
    const exp = Math.floor(Date.now() / 1000) + (fault === "expired" ? -600 : 600);
    const aud = fault === "audience" ? "others" : "m";
    const text = signToken(fault === "forged" ? KEYS.forged : KEYS.good, { ...claims, iss: issuer, sub, aud, exp });
    return { authorization: `Bearer ${fault === "cut" ? text.slice(0, -3) : text}` };
  });

/** What a caller shows. */
const credential: fc.Arbitrary<Readonly<Record<string, string>>> = fc.oneof(
  { weight: 6, arbitrary: token },
  { weight: 2, arbitrary: fc.constantFrom(...API_KEYS).map(({ text }) => ({ "x-api-key": text })) },
  { weight: 1, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.constant({ authorization: "Basic YTpi" }) },
  { weight: 1, arbitrary: token.map((shown) => ({ ...shown, "x-api-key": API_KEYS[0].text })) },
);

it(
  "auth explain says of every call what the server does, and by which clause, over REST and gRPC",
  { timeout: 300_000 },
  async () => {
    const seen: string[] = [];
    let server = 0;
    const property = fc.asyncProperty(
      setup,
      fc.array(credential, { minLength: 8, maxLength: 12 }),
      async (chosen, shown) => {
        server += 1;
        const { env, auditFile } = await write(chosen, server);
        const service = serviceOf(chosen);
        const definition = registeredService(service)?.definition;
        if (definition === undefined) throw new Error("no service");
        const { config } = await loadConfig({ env });
        await assertSecure(config, definition);
        const running = await listen(service, { env });
        const grpc = new Client(running.grpcAddress, credentials.createInsecure());
        const calls = shown.flatMap((headers, caller) => APIS.map((api) => ({ headers, api, id: `${caller}-${api}` })));
        const expected = new Map<string, unknown>();
        const got = new Map<string, unknown>();
        for (const { headers, api, id } of calls) {
          const {
            allowed,
            clause = null,
            reason = null,
            http,
            grpc: code,
          } = await explainAccess({ config, definition }, { api, headers });
          const decision = allowed ? "allow" : "deny";
          expected.set(`rest-${id}`, { status: http, decision, clause, reason });
          expected.set(`grpc-${id}`, { status: code, decision, clause, reason });
          got.set(`rest-${id}`, await rest(running.url, api, { ...headers, "x-request-id": `rest-${id}` }));
          got.set(`grpc-${id}`, await call(grpc, api, { ...headers, "x-request-id": `grpc-${id}` }));
          seen.push(`${decision} ${clause ?? reason}`);
        }
        grpc.close();
        await running.close();
        const records = await recordsOf(auditFile);
        expect(records.size).toBe(expected.size);
        const ends = [...got].map(([id, status]) => [id, { status, ...records.get(id) }] as const);
        expect(Object.fromEntries(ends)).toEqual(Object.fromEntries(expected));
      },
    );
    await fc.assert(property, { numRuns: 25 });
    // Cases that never come about would show nothing.
    for (const part of [
      /^allow (author|platform)\.allow/,
      /^allow default/,
      /^deny author/,
      /^deny platform/,
      /credential/,
    ])
      expect(seen.filter((text) => part.test(text)).length).toBeGreaterThan(0);
    for (const reason of ["invalid_credentials", "ambiguous_credentials", "bad_signature", "expired", "wrong_audience"])
      expect(seen).toContain(`deny ${reason}`);
  },
);

function serviceOf({ authors }: Setup): ServiceClass {
  const api = (at: 0 | 1 | 2) => {
    const own = authors[at];
    return defineApi(
      {
        input: t.Object({ n: t.Optional(t.Number()) }),
        output: t.Number(),
        ...(own === undefined ? {} : { authorize: own }),
      },
      async () => 1,
    );
  };
  return serviceClass(
    { name: "ruled" },
    class {
      first = api(0);
      second = api(1);
      third = api(2);
    },
  );
}

async function write(
  { platform, rulesFile, authorOverridable, defaultAuthorization, allowAnonymous }: Setup,
  server: number,
): Promise<{ readonly env: Readonly<Record<string, string>>; readonly auditFile: string }> {
  const auditFile = join(dir, `audit-${server}.jsonl`);
  const rulesPath = join(dir, `rules-${server}.json`);
  if (rulesFile !== undefined) await writeFile(rulesPath, JSON.stringify(rulesFile));
  const entry = { audiences: ["m"], jwksFile: join(dir, "jwks.json"), groupsClaim: "/groups" };
  return {
    auditFile,
    env: {
      BENTO_SECURITY_OIDC_ISSUERS: JSON.stringify(
        ISSUERS.map((issuer, at) => ({ issuer, ...entry, principal: { prefix: PREFIXES[at] } })),
      ),
      BENTO_SECURITY_API_KEYS_FILE: join(dir, "keys"),
      BENTO_SECURITY_AUTHORIZATION_FUNCTIONS: JSON.stringify(platform),
      BENTO_SECURITY_AUTHOR_OVERRIDABLE: JSON.stringify(authorOverridable),
      BENTO_SECURITY_DEFAULT_AUTHORIZATION: defaultAuthorization,
      BENTO_SECURITY_ALLOW_ANONYMOUS: String(allowAnonymous),
      BENTO_SECURITY_FAILED_AUTHENTICATIONS: "off",
      BENTO_SECURITY_AUDIT_FILE: auditFile,
      ...(rulesFile === undefined ? {} : { BENTO_SECURITY_AUTHORIZATION_RULES_FILE: rulesPath }),
    },
  };
}

async function rest(url: string, api: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const request = { method: "POST", headers: { "content-type": "application/json", ...headers }, body: "{}" };
  const reply = await fetch(`${url}/${api}`, request);
  await reply.arrayBuffer();
  return reply.status;
}

function call(client: Client, api: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const path = `/bento.ruled.v1.Ruled/${api.charAt(0).toUpperCase()}${api.slice(1)}`;
  const same = (bytes: Buffer): Buffer => bytes;
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, same, same, Buffer.alloc(0), metadata, (error: ServiceError | null) =>
      resolve(error?.code ?? 0),
    );
  });
}

/** What the server wrote down of each request, by its id. */
async function recordsOf(file: string): Promise<ReadonlyMap<string, object>> {
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => {
      const { requestId, decision, rule, reason } = JSON.parse(line) as Readonly<Record<string, string | null>>;
      return [requestId ?? "", { decision, clause: rule, reason }];
    }),
  );
}
