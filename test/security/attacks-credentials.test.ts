import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toKeyLine } from "../../packages/runtime/src/auth/api-keys/key-file.ts";
import { createKey } from "../../packages/runtime/src/auth/api-keys/key-text.ts";
import { type RawReply, sendRaw, toWire } from "../hostile/raw-http.ts";
import { type AttackedServer, everywhere, startAttacked, tryEverywhere } from "./attacked-server.ts";

// API keys and passwords, alone and together, on every surface: security.md B, attacks 34 to 36.
const key = createKey("bento");
const other = createKey("bento");
const expired = createKey("bento");
// crypt_blowfish 1.3, wrapper.c: the hash of "U*U".
const HASH = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
const PASSWORD = "U*U";

let server: AttackedServer;
beforeAll(async () => {
  server = await startAttacked(({ dir }) => {
    const rights = { owner: "robots", groups: [], scopes: [], notBeforeMs: undefined, expiresMs: undefined };
    const lines = [
      toKeyLine({ ...rights, id: key.id, sha256: key.sha256, functions: undefined }),
      toKeyLine({ ...rights, id: other.id, sha256: other.sha256, functions: ["another"] }),
      toKeyLine({ ...rights, id: expired.id, sha256: expired.sha256, functions: undefined, expiresMs: 1 }),
    ];
    writeFileSync(join(dir, "keys"), `${lines.join("\n")}\n`);
    writeFileSync(join(dir, "users"), `alice:${HASH}\n`);
    return {
      BENTO_SECURITY_AUTHORIZATION_FUNCTIONS: "{}",
      BENTO_SECURITY_API_KEYS_FILE: join(dir, "keys"),
      BENTO_SECURITY_BASIC_HTPASSWD_FILE: join(dir, "users"),
    };
  });
});
afterAll(() => server.close());

const basic = (pair: string | Buffer): string => `Basic ${Buffer.from(pair).toString("base64")}`;

/** No credential may be repeated in an answer, in the log or in the audit file. */
function expectUnwritten(text: string): void {
  expect(server.logText() + server.auditText()).not.toContain(text);
}

describe("an API key", () => {
  it("is good in its header and behind its scheme, on every surface", async () => {
    const places: readonly Readonly<Record<string, string>>[] = [
      { "x-api-key": key.text },
      { authorization: `ApiKey ${key.text}` },
    ];
    for (const headers of places) expect(await tryEverywhere(server, headers)).toEqual(everywhere(server, "served"));
    expectUnwritten(key.text);
  });

  it("for other functions is refused as one that may not", async () => {
    expect(await tryEverywhere(server, { "x-api-key": other.text })).toEqual(everywhere(server, "denied"));
  });

  const [prefix = "", id = "", secret = ""] = key.text.split("_");
  const swapped = secret.replace(/./g, (letter) =>
    letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
  );
  it.each(
    Object.entries({
      "another secret": `${prefix}_${id}_${"0".repeat(43)}`,
      "another's secret": `${prefix}_${id}_${other.text.split("_")[2] ?? ""}`,
      "an unknown id": `${prefix}_nobody_${secret}`,
      "another prefix": `other_${id}_${secret}`,
      "no prefix": `${id}_${secret}`,
      "its beginning": key.text.slice(0, -1),
      "one letter more": `${key.text}0`,
      "another case": `${prefix}_${id}_${swapped}`,
      "a case of its id": `${prefix}_${id.toUpperCase()}_${secret}`,
      nothing: "",
      "its digest": key.sha256,
      "its digest in the form of a key": `${prefix}_${id}_${key.sha256}`,
      "the digest of its digest": createHash("sha256").update(key.sha256).digest("hex"),
      "a line of the file": JSON.stringify({ id, sha256: key.sha256 }),
      "two in one field": `${key.text},${other.text}`,
      "itself twice in one field": `${key.text}, ${key.text}`,
      "itself in quotes": `"${key.text}"`,
      "a scheme before it": `ApiKey ${key.text}`,
      "a star": "*",
      "an id of the prototype": `${prefix}___proto___${secret}`,
      "an id of all objects": `${prefix}_constructor_${secret}`,
      "letters of other alphabets": `${prefix}_${id}_${"%C3%A9".repeat(8)}`,
      "60 characters of a path": `${prefix}_${"../".repeat(20)}_${secret}`,
      "a key that has ended": expired.text,
    }).map(([name, text]): [string, string] => [name, text]),
  )("%s is refused on every surface (34)", async (_name, text) => {
    const refused = everywhere(server, "unauthenticated");
    expect(await tryEverywhere(server, { "x-api-key": text })).toEqual(refused);
    expect(await tryEverywhere(server, { authorization: `ApiKey ${text}` })).toEqual(refused);
  });

  it.each([
    ["as a bearer token", (): Record<string, string> => ({ authorization: `Bearer ${key.text}` })],
    ["as a password", () => ({ authorization: basic(`${key.id}:${key.text}`) })],
    ["as a user", () => ({ authorization: basic(`${key.text}:`) })],
    ["in a cookie", () => ({ cookie: `x-api-key=${key.text}` })],
    ["in another header", () => ({ "api-key": key.text, "x-apikey": key.text, apikey: key.text })],
  ])("%s is none (34)", async (_name, headers) => {
    expect(await tryEverywhere(server, headers())).toEqual(everywhere(server, "unauthenticated"));
    expectUnwritten(key.text);
  });

  it("twice is refused, also the same one (34)", async () => {
    const twice = [
      ["x-api-key", key.text],
      ["X-Api-Key", key.text],
    ] as const;
    expect((await raw(twice))?.status).toBe(401);
  });
});

describe("a password", () => {
  it("is good on every surface", async () => {
    expect(await tryEverywhere(server, { authorization: basic(`alice:${PASSWORD}`) })).toEqual(
      everywhere(server, "served"),
    );
    expectUnwritten(Buffer.from(`alice:${PASSWORD}`).toString("base64"));
  });

  it.each<[string, string]>([
    ["a wrong one", basic("alice:U*V")],
    ["no colon", basic("alice")],
    ["no user", basic(`:${PASSWORD}`)],
    ["no password", basic("alice:")],
    ["neither", basic(":")],
    ["an unknown user", basic(`mallory:${PASSWORD}`)],
    ["the user in another case", basic(`Alice:${PASSWORD}`)],
    ["a space behind the user", basic(`alice :${PASSWORD}`)],
    ["a line break behind it", basic(`alice:${PASSWORD}\n`)],
    ["a NUL behind it", basic(`alice:${PASSWORD}\0`)],
    ["a NUL in the user", basic(`alice\0:${PASSWORD}`)],
    ["what is no base64", "Basic !!!!"],
    ["base64 of URLs", `Basic ${Buffer.from(`alice:${PASSWORD}`).toString("base64url")}_-`],
    ["text in the clear", `Basic alice:${PASSWORD}`],
    ["the hash", basic(`alice:${HASH}`)],
    ["the line of the file as user", basic(`alice:${HASH}:${PASSWORD}`)],
    ["73 bytes", basic(`alice:${PASSWORD}${"x".repeat(70)}`)],
    ["9 KB", basic(`alice:${"x".repeat(9_000)}`)],
    ["bytes that are no UTF-8", basic(Buffer.from("alice:U*U\xff", "latin1"))],
    ["a user of the prototype", basic(`__proto__:${PASSWORD}`)],
    ["two in one field", `${basic(`alice:${PASSWORD}`)}, ${basic(`alice:${PASSWORD}`)}`],
    ["nothing behind the scheme", "Basic"],
  ])("%s is refused on every surface (35)", async (_name, authorization) => {
    expect(await tryEverywhere(server, { authorization })).toEqual(everywhere(server, "unauthenticated"));
    expectUnwritten("U*V");
  });

  it("is refused in the same words for users who are there and who are not (36)", async () => {
    const told: string[] = [];
    for (const user of ["alice", "mallory", "", "alice\0"])
      for (const password of ["wrong", "x".repeat(80)]) {
        const headers = { authorization: basic(`${user}:${password}`) };
        await tryEverywhere(server, headers, ({ error, headers: { "www-authenticate": challenge = "" } }, { name }) =>
          told.push(`${name}: ${error} ${challenge}`),
        );
      }
    expect(new Set(told).size).toBe(server.surfaces.length);
  });
});

describe("two credentials at once", () => {
  const good = (): Readonly<Record<string, string>> => ({
    token: `Bearer ${server.token()}`,
    password: basic(`alice:${PASSWORD}`),
    bad: "Bearer e30.e30.AA",
    unknown: "Negotiate abc",
    empty: "",
  });

  it.each(["token", "password", "bad", "unknown", "empty"])(
    "a good key beside the %s is refused on every surface",
    async (name) => {
      const headers = { "x-api-key": key.text, authorization: good()[name] ?? "" };
      expect(await tryEverywhere(server, headers)).toEqual(everywhere(server, "unauthenticated"));
    },
  );

  it.each(["", "x", expired.text])("a good token beside the key %j is refused on every surface", async (text) => {
    const headers = { "x-api-key": text, authorization: good()["token"] ?? "" };
    expect(await tryEverywhere(server, headers)).toEqual(everywhere(server, "unauthenticated"));
  });

  it("in two fields of one name are refused, whichever stands first", async () => {
    const fields = [good()["token"], good()["password"], good()["bad"], `ApiKey ${key.text}`].map(
      (value) => value ?? "",
    );
    for (const first of fields)
      for (const second of fields)
        expect(
          (
            await raw([
              ["authorization", first],
              ["authorization", second],
            ])
          )?.status,
        ).toBe(401);
  });
});

async function raw(headers: readonly (readonly [string, string])[]): Promise<RawReply | undefined> {
  const wire = toWire({
    path: "/double",
    headers: [["content-type", "application/json"], ...headers],
    body: "[[1,2]]",
  });
  return (await sendRaw(wire, { port: server.port })).replies[0];
}
