import { createHmac } from "node:crypto";
import { headerOf, part, signToken, type TestKey } from "../../../packages/runtime/src/auth/oidc/testing.fixture.ts";
import type { SecuredBoston } from "./secured-boston.ts";

type Credentials = Readonly<Record<string, string>>;

/** What each caller of the table shows, by the name of its row. */
export function callersOf(
  { issuers, keys, apiKeys }: SecuredBoston,
  nowMs: number,
): Readonly<Record<string, Credentials>> {
  const seconds = Math.floor(nowMs / 1000);
  const base = { aud: "boston", exp: seconds + 600, iat: seconds };
  const person = (claims: object): object => ({ iss: issuers.people, sub: "anna", ...base, ...claims });
  const account = (namespace: string, name: string, claims: object = {}): object => ({
    iss: issuers.cluster,
    sub: `system:serviceaccount:${namespace}:${name}`,
    "kubernetes.io": { namespace, serviceaccount: { name, uid: "7b1f" } },
    ...base,
    ...claims,
  });
  const byPeople = (claims: object): Credentials => bearer(signToken(keys.people, claims));
  const byCluster = (claims: object): Credentials => bearer(signToken(keys.cluster, claims));
  const appraiser = person({ groups: ["appraisers"] });
  const address = { email: "person_a@company.com", email_verified: true };
  const good = signToken(keys.people, appraiser);
  return {
    nobody: {},
    "nobody, with a proxy's headers": {
      "x-forwarded-user": "anna",
      "x-auth-request-groups": "appraisers",
      "x-forwarded-access-token": good,
      "proxy-authorization": `Bearer ${good}`,
      cookie: `access_token=${good}`,
    },
    appraiser: byPeople(appraiser),
    "appraiser and contractor": byPeople(person({ groups: ["appraisers", "contractors"] })),
    broker: byPeople(person({ groups: ["brokers"] })),
    person_a: byPeople(person(address)),
    "person_a, not proved": byPeople(person({ ...address, email_verified: false })),
    "person_a in capitals": byPeople(person({ ...address, email: "Person_A@company.com" })),
    "appraiser in roles": byPeople(person({ roles: ["appraisers"], scope: "appraisers" })),
    "appraiser joined": byPeople(person({ groups: "appraisers,brokers" })),
    "appraiser nested": byPeople(person({ groups: [["appraisers"], { appraisers: true }, "*", null] })),
    "nightly job": byCluster(account("housing", "nightly")),
    "other job": byCluster(account("housing", "report")),
    "nightly job elsewhere": byCluster(account("guests", "nightly")),
    "nightly job by people": byPeople(account("housing", "nightly", { iss: issuers.people })),
    "person_a by cluster": byCluster(person({ ...address, iss: issuers.cluster, groups: ["appraisers"] })),
    "namespace as dotted name": byCluster(account("guests", "nightly", { "kubernetes.io.namespace": "housing" })),
    "API key": { "x-api-key": apiKeys.team.text },
    "API key in Authorization": { authorization: `ApiKey ${apiKeys.team.text}` },
    "API key for score": { "x-api-key": apiKeys.limited.text },
    "unknown API key": { "x-api-key": apiKeys.unknown.text },
    "API key as token": bearer(apiKeys.team.text),
    "API key and token": { "x-api-key": apiKeys.team.text, ...bearer(good) },
    "good token, bad API key": { "x-api-key": apiKeys.unknown.text, ...bearer(good) },
    password: { authorization: `Basic ${Buffer.from("anna:secret").toString("base64")}` },
    "empty token": { authorization: "Bearer" },
    expired: byPeople(person({ groups: ["appraisers"], exp: seconds - 120 })),
    "never ending": byPeople({ ...appraiser, exp: undefined }),
    "not yet valid": byPeople(person({ groups: ["appraisers"], nbf: seconds + 600 })),
    "wrong audience": byPeople(person({ groups: ["appraisers"], aud: "boston2" })),
    "no audience": byPeople({ ...appraiser, aud: undefined }),
    "unknown issuer": byPeople(person({ groups: ["appraisers"], iss: "https://idp.example.com/realms/other" })),
    "issuer with a slash": byPeople(person({ groups: ["appraisers"], iss: `${issuers.people}/` })),
    "signed by the other issuer": byCluster(appraiser),
    "claims exchanged": bearer(`${good.split(".")[0]}.${part(person({ groups: ["x"] }))}.${good.split(".")[2]}`),
    "signature cut": bearer(good.slice(0, -4)),
    "no signature": bearer(`${part({ alg: "none", typ: "JWT" })}.${part(appraiser)}.`),
    "none with a signature": bearer(signToken(keys.people, appraiser, { ...headerOf(keys.people), alg: "none" })),
    "secret of a public key": bearer(signedBySecret(keys.people, appraiser)),
    "ID token": byPeople(person({ groups: ["appraisers"], nonce: "n" })),
  };
}

function bearer(token: string): Credentials {
  return { authorization: `Bearer ${token}` };
}

/** HS256 with the text of the public key as its secret: who takes the algorithm from the token believes it. */
function signedBySecret({ publicKey }: TestKey, claims: object): string {
  const input = `${part({ alg: "HS256", typ: "JWT", kid: "k1" })}.${part(claims)}`;
  const secret = publicKey.export({ type: "spki", format: "pem" });
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}
