import { createHmac } from "node:crypto";
import {
  createTestKey,
  headerOf,
  part,
  signInput,
  signToken,
  type TestKey,
} from "../../packages/runtime/src/auth/oidc/testing.fixture.ts";

/** What forgers have to begin with. */
export interface Forgery {
  readonly rsa: TestKey;
  readonly ec: TestKey;
  /** Claims of a good caller. */
  readonly good: Readonly<Record<string, unknown>>;
  /** An address of the forger that answers with keys. */
  readonly attackerUrl: string;
}

/** Tokens that no server may take, by the number of their attack in security.md B and what is wrong with them. */
export function forgedTokens(forgery: Forgery): Readonly<Record<string, string>> {
  return { ...forgedHeaders(forgery), ...forgedForms(forgery), ...forgedClaims(forgery) };
}

const stranger = createTestKey("RS256", "rsa");

function forgedHeaders({ rsa, ec, good, attackerUrl }: Forgery): Record<string, string> {
  const withHeader = (more: object, key = rsa): string => signToken(key, good, { ...headerOf(key), ...more });
  const unsigned = ["none", "None", "NONE", "nOnE", "none ", ""].map((alg): [string, string] => [
    `1: alg ${JSON.stringify(alg)}, unsigned`,
    `${part({ alg, typ: "JWT" })}.${part(good)}.`,
  ]);
  const pem = rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
  const secrets: Readonly<Record<string, string | Buffer>> = {
    PEM: pem,
    "stripped PEM": pem.replaceAll(/-----[^-]+-----|\n/g, ""),
    PKCS1: rsa.publicKey.export({ type: "pkcs1", format: "pem" }),
    DER: rsa.publicKey.export({ type: "spki", format: "der" }),
    JWK: JSON.stringify(rsa.jwk),
    nothing: "",
  };
  const symmetric = Object.entries(secrets).map(([name, secret]): [string, string] => {
    const input = `${part({ ...headerOf(rsa), alg: "HS256" })}.${part(good)}`;
    return [`3: HS256 by ${name}`, `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`];
  });
  return {
    ...Object.fromEntries(unsigned),
    "2: alg none, signed": withHeader({ alg: "none" }),
    ...Object.fromEntries(symmetric),
    "4: an embedded key, kid of its own": signToken(stranger, good, { alg: "RS256", kid: "mine", jwk: stranger.jwk }),
    "4: an embedded key, stolen kid": withHeader({ jwk: stranger.jwk }, stranger),
    "5: jku": withHeader({ jku: attackerUrl }, stranger),
    "5: x5u": withHeader({ x5u: attackerUrl }, stranger),
    "6: x5c": withHeader({ x5c: ["MIIB"] }, stranger),
    "7: a known kid, another key": signToken(stranger, good),
    "8: RS256 with the kid of an EC key": withHeader({ kid: "ec" }),
    "8: ES256 with the kid of an RSA key": withHeader({ kid: "rsa" }, ec),
    "9: crit unknown": withHeader({ crit: ["x"], x: 1 }),
    "9: crit empty": withHeader({ crit: [] }),
    "9: crit no list": withHeader({ crit: "exp" }),
    "9: crit naming exp": withHeader({ crit: ["exp"], exp: 1 }),
    "9: b64": withHeader({ b64: false, crit: ["b64"] }),
    "9: zip": withHeader({ zip: "DEF" }),
    "9: typ of another kind": withHeader({ typ: "dpop+jwt" }),
    "11: a header that is a list": signToken(rsa, good, '["RS256"]'),
  };
}

function forgedForms({ rsa, good }: Forgery): Record<string, string> {
  const token = signToken(rsa, good);
  const [header = "", claims = "", signature = ""] = token.split(".");
  const withPayload = (payload: string): string => signToken(rsa, payload);
  return {
    "10: two parts": `${header}.${claims}`,
    "10: four parts": `${token}.${signature}`,
    "10: five parts": `${token}.AA.AA`,
    "10: padding": `${token}==`,
    "10: the other alphabet": token
      .replaceAll("-", "+")
      .replaceAll("_", "/")
      .replace(/\.(?=[^.]*$)./, ".+"),
    "10: a space inside": `${header}.${claims} .${signature}`,
    "10: the JSON form": JSON.stringify({ protected: header, payload: claims, signature }),
    "10: a cut signature": token.slice(0, -4),
    "10: claims of another": `${header}.${part({ ...good, sub: "root" })}.${signature}`,
    "11: a payload that is a list": withPayload("[]"),
    "11: a payload that is text": withPayload('"text"'),
    "11: a payload that is null": withPayload("null"),
    "11: a payload that is no JSON": withPayload("{"),
    "11: deep nesting": withPayload(`{"x":${"[".repeat(4_000)}${"]".repeat(4_000)},${JSON.stringify(good).slice(1)}`),
    "11: bytes that are no UTF-8": signInput(
      rsa,
      `${part(headerOf(rsa))}.${Buffer.from(JSON.stringify({ ...good, sub: "\u00e9" }), "latin1").toString("base64url")}`,
    ),
  };
}

function forgedClaims({ rsa, good }: Forgery): Record<string, string> {
  const nowS = Math.floor(Date.now() / 1000);
  const sign = (more: object): string => signToken(rsa, { ...good, ...more });
  const list = (name: string, number: number, values: readonly unknown[]): [string, string][] =>
    values.map((value) => [`${number}: ${name} ${JSON.stringify(value)}`, sign({ [name]: value })]);
  const audience = String(good["aud"]);
  const issuer = String(good["iss"]);
  return Object.fromEntries([
    ...list("exp", 13, [nowS - 3_600, undefined, String(nowS + 600), null, 0, -1, true, [nowS + 600]]),
    ["13: exp without end", signToken(rsa, JSON.stringify(good).replace(/"exp":\d+/, '"exp":1e400'))],
    ...list("nbf", 14, [nowS + 3_600, "0"]),
    ...list("iat", 14, [nowS + 86_400, "0"]),
    ...list("aud", 15, [undefined, "", "other", `${audience}x`, audience.slice(0, -1)]),
    ...list("aud", 15, [audience.toUpperCase(), `${audience} `, [], { [audience]: true }, `${audience},other`]),
    ...list("iss", 16, [undefined, "", null, [issuer], { iss: issuer }, "*", `${issuer}/`, issuer.toUpperCase()]),
    ...list("sub", 16, [undefined, "", 7, ["ada"]]),
    ["16: an ID token", sign({ nonce: "n" })],
  ]);
}
