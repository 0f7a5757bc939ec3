import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ServingError } from "../../errors.ts";
import { createOidcAuthenticator, type OidcAuthenticator } from "./create-oidc-authenticator.ts";
import { resolveIssuers } from "./resolve-issuers.ts";
import { type FetchDocument, type FetchedDocument, fetchDocument } from "./fetch-document.ts";
import {
  createTestKey,
  headerOf,
  KeyEvents,
  serveKeys,
  signToken,
  startTestIdp,
  TestClock,
  type TestIdp,
} from "./testing.fixture.ts";
import type { IssuerOptions } from "./types.ts";
import { verifyNow } from "../verify-now.ts";

const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const DAY = 86_400_000;
const first = createTestKey("ES256", "first");
const second = createTestKey("ES256", "second");
const nameless = [createTestKey("ES256"), createTestKey("ES256")] as const;
const claims = { iss: "https://idp.example", aud: "iris", sub: "ada", exp: NOW / 1000 + 10 * 86_400 };
const caller = { valuesOf: () => [], peerIp: "127.0.0.1", clientIp: "127.0.0.1", route: "/predict" };
const unavailable = { code: "UNAVAILABLE", reason: "keys_unavailable", retryAfterSeconds: 5, challenge: [] };
const unknownKey = { code: "UNAUTHENTICATED", reason: "unknown_key" };

let idp: TestIdp;
let clock: TestClock;
let events: KeyEvents;
let authenticator: OidcAuthenticator;
beforeEach(async () => {
  idp = await startTestIdp(serveKeys([first.jwk]));
  clock = new TestClock(NOW);
  events = new KeyEvents();
});
afterEach(async () => {
  authenticator.close();
  await idp.close();
});

async function open(entry: Partial<IssuerOptions> = {}, fetch: FetchDocument = fetchDocument): Promise<void> {
  const base = { issuer: "https://idp.example", audiences: ["iris"], jwksUri: `${idp.origin}/keys` };
  const issuers = resolveIssuers([{ ...base, ...entry }]);
  authenticator = createOidcAuthenticator({
    issuers,
    onKeyEvent: events.add,
    clock,
    fetch,
    random: () => 1 - 2 ** -53,
  });
  await events.next();
}

const verify = async (token: string): Promise<string> => (await verifyNow(authenticator, token, caller)).name;
const fail: TestIdp["answer"] = (_, response) => void response.writeHead(500).end();

describe("rotation", () => {
  it("takes a token of a new key at once, by one look", async () => {
    await open();
    idp.answer = serveKeys([first.jwk, second.jwk]);
    await expect(verify(signToken(second, claims))).resolves.toBe("ada");
    expect(idp.requests).toHaveLength(2);
  });

  it("lets 150 unknown kids cost one look in 30 s (42)", async () => {
    await open();
    const attack = (from: number): Promise<unknown> =>
      Promise.all(
        Array.from({ length: 150 }, (_, index) =>
          expect(
            verify(signToken(second, claims, { ...headerOf(second), kid: `k${from + index}` })),
          ).rejects.toMatchObject(unknownKey),
        ),
      );
    await attack(0);
    expect(idp.requests).toHaveLength(2);
    clock.advance(29_999);
    await attack(150);
    expect(idp.requests).toHaveLength(2);
    clock.advance(1);
    await attack(300);
    expect(idp.requests).toHaveLength(3);
  });

  it("rests 30 s after a look that failed too, and says that nobody knows", async () => {
    await open();
    idp.answer = fail;
    await expect(verify(signToken(second, claims))).rejects.toMatchObject(unavailable);
    await expect(verify(signToken(second, claims))).rejects.toMatchObject(unavailable);
    expect(idp.requests).toHaveLength(2);
    await expect(verify(signToken(first, claims))).resolves.toBe("ada");
  });

  it("goes on looking for an unknown key after a look that failed, until one succeeds", async () => {
    const urgent: unknown[] = [];
    await open({}, async (request) => {
      urgent.push(request.isUrgent);
      return fetchDocument(request);
    });
    idp.answer = fail;
    await expect(verify(signToken(second, claims))).rejects.toMatchObject(unavailable);
    expect(await events.next()).toMatchObject({ kind: "failed" });
    idp.answer = serveKeys([second.jwk]);
    clock.advance(1_000);
    expect(await events.next()).toMatchObject({ kind: "loaded" });
    await expect(verify(signToken(second, claims))).resolves.toBe("ada");
    clock.advance(8 * MINUTE);
    await events.next();
    expect(urgent).toEqual([false, true, true, false]);
  });

  it("accepts a new key at the latest after the rest (43)", async () => {
    await open();
    await expect(verify(signToken(second, claims))).rejects.toMatchObject(unknownKey);
    idp.answer = serveKeys([first.jwk, second.jwk]);
    await expect(verify(signToken(second, claims))).rejects.toMatchObject(unknownKey);
    clock.advance(30_000);
    await expect(verify(signToken(second, claims))).resolves.toBe("ada");
  });

  it("refuses tokens of a key that left, those that were verified before too (43)", async () => {
    await open();
    const token = signToken(first, claims);
    const principal = await verifyNow(authenticator, token, caller);
    expect(verifyNow(authenticator, token, caller)).toBe(principal);
    idp.answer = serveKeys([second.jwk]);
    clock.advance(8 * MINUTE);
    await events.next();
    await expect(verify(token)).rejects.toMatchObject(unknownKey);
    await expect(verify(signToken(second, claims))).resolves.toBe("ada");
  });

  it("drops a verified token when its key is replaced under the same kid", async () => {
    await open();
    const token = signToken(first, claims);
    await verify(token);
    idp.answer = serveKeys([{ ...second.jwk, kid: "first" }]);
    clock.advance(8 * MINUTE);
    await events.next();
    await expect(verify(token)).rejects.toMatchObject({ code: "UNAUTHENTICATED", reason: "bad_signature" });
  });

  it("takes a new key of an issuer that names none", async () => {
    idp.answer = serveKeys([nameless[0].jwk]);
    await open();
    idp.answer = serveKeys([nameless[1].jwk]);
    await expect(verify(signToken(nameless[1], claims))).resolves.toBe("ada");
    await expect(verify(signToken(nameless[0], claims))).rejects.toMatchObject(unknownKey);
  });

  it("refuses and forgets a token whose key leaves while its signature is being verified", async () => {
    const document = (...keys: readonly unknown[]): FetchedDocument => ({
      bytes: Buffer.from(JSON.stringify({ keys })),
      cacheControl: undefined,
    });
    let answer: (found: FetchedDocument) => void = () => undefined;
    let looks = 0;
    const fetch: FetchDocument = () => {
      looks += 1;
      if (looks === 2) return new Promise((resolve) => (answer = resolve));
      return Promise.resolve(document(looks === 1 ? first.jwk : second.jwk));
    };
    await open({}, fetch);
    clock.advance(8 * MINUTE);
    const token = signToken(first, claims);
    const pending = verify(token);
    // All of this happens before the loop turns, and no signature is verified within the turn in which it was asked for.
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    answer(document(second.jwk));
    await expect(pending).rejects.toMatchObject(unknownKey);
    const again = verifyNow(authenticator, token, caller);
    expect(again).toBeInstanceOf(Promise);
    await expect(again).rejects.toMatchObject(unknownKey);
  });
});

describe("the age of keys", () => {
  it.each([
    ["no word of it", undefined, 8 * MINUTE],
    ["max-age=600", "public, max-age=600", 8 * MINUTE],
    ["one shorter than a minute", "max-age=5", 0.8 * MINUTE],
    ["one longer than a day", "max-age=999999999", 0.8 * DAY],
    ["no-store", "no-store", 8 * MINUTE],
    ["quoted", 'max-age="120"', 1.6 * MINUTE],
    ["s-maxage", "s-maxage=60", 8 * MINUTE],
  ])("with %s, the next look comes at 80 %% of it", async (_, cacheControl, dueMs) => {
    idp.answer = serveKeys([first.jwk], cacheControl === undefined ? {} : { "cache-control": cacheControl });
    await open();
    clock.advance(dueMs - 1);
    expect(clock.scheduled).toBe(1);
    clock.advance(1);
    await events.next();
    expect(idp.requests).toHaveLength(2);
  });

  it("serves keys while the issuer is out, for a day after they ended and no longer", async () => {
    await open();
    const token = signToken(first, claims);
    await verify(token);
    idp.answer = fail;
    const endsIn = 10 * MINUTE + DAY;
    clock.advance(8 * MINUTE);
    await events.next();
    await expect(verify(token)).resolves.toBe("ada");
    clock.advance(NOW + endsIn - clock.now() - 1);
    await expect(verify(token)).resolves.toBe("ada");
    await expect(verify(signToken(first, { ...claims, n: 1 }))).resolves.toBe("ada");
    clock.advance(1);
    await expect(verify(token)).rejects.toMatchObject(unavailable);
    await expect(verify(signToken(first, { ...claims, n: 2 }))).rejects.toMatchObject(unavailable);
  });

  it("forgets a verified token at its exp, to the millisecond", async () => {
    await open();
    const token = signToken(first, { ...claims, exp: NOW / 1000 + 60 });
    await verify(token);
    clock.advance(59_999);
    expect(verifyNow(authenticator, token, caller)).not.toBeInstanceOf(Promise);
    clock.advance(1);
    const again = verifyNow(authenticator, token, caller);
    expect(again).toBeInstanceOf(Promise);
    await expect(again).resolves.toMatchObject({ name: "ada" });
    clock.advance(60_000);
    await expect(verify(token)).rejects.toMatchObject({ code: "UNAUTHENTICATED", reason: "expired" });
  });
});

describe("outages", () => {
  it("answers 503 before the first keys, is not ready, and recovers by itself (44)", async () => {
    idp.answer = fail;
    await open();
    expect(authenticator.isReady()).toBe(false);
    await expect(verify(signToken(first, claims))).rejects.toMatchObject(unavailable);
    expect(idp.requests).toHaveLength(1);
    idp.answer = serveKeys([first.jwk]);
    clock.advance(1000);
    await events.next();
    expect(authenticator.isReady()).toBe(true);
    await expect(verify(signToken(first, claims))).resolves.toBe("ada");
  });

  it("does not hold readiness up for an issuer that may be missing", async () => {
    idp.answer = fail;
    await open({ requiredForReady: false });
    expect(authenticator.isReady()).toBe(true);
  });

  it("tries again after 1 s, then twice as long each time, up to 60 s", async () => {
    idp.answer = fail;
    await open();
    const waits: number[] = [];
    for (let count = 0; count < 8; count += 1) {
      const event = events.seen.at(-1);
      const retryInMs = event?.kind === "failed" ? event.retryInMs : Number.NaN;
      waits.push(Math.round(retryInMs));
      clock.advance(retryInMs);
      await events.next();
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  });

  it("lets callers wait for one look that is on its way", async () => {
    const held: (() => void)[] = [];
    idp.answer = (request, response) => void held.push(() => serveKeys([first.jwk])(request, response));
    const opening = open();
    const answers = [1, 2, 3].map((n) => verify(signToken(first, { ...claims, n })));
    await expect.poll(() => held.length).toBe(1);
    held[0]?.();
    await expect(Promise.all(answers)).resolves.toEqual(["ada", "ada", "ada"]);
    await opening;
    expect(idp.requests).toHaveLength(1);
  });

  it("gives up a look after 5 s", async () => {
    await open();
    let asked = (): void => undefined;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    idp.answer = () => asked();
    clock.advance(8 * MINUTE);
    await isAsked;
    clock.advance(5000);
    const event = await events.next();
    expect(event).toMatchObject({ kind: "failed", cause: { message: "no answer within 5000 ms" } });
    await expect(verify(signToken(first, claims))).resolves.toBe("ada");
  });

  const bad: readonly (readonly [string, TestIdp["answer"], RegExp])[] = [
    ["404", (_, response) => void response.writeHead(404).end('{"keys":[]}'), /expected status 200, got 404/],
    [
      "a redirect",
      (_, response) => void response.writeHead(302, { location: "/elsewhere" }).end(),
      /expected status 200, got 302/,
    ],
    ["a page", (_, response) => void response.writeHead(200).end("<html>"), /expected a JSON object/],
    ["a list", (_, response) => void response.writeHead(200).end("[]"), /expected a JSON object/],
    ["no keys", (_, response) => void response.writeHead(200).end("{}"), /expected a list in "keys"/],
    ["secrets alone", serveKeys([{ kty: "oct", k: "AAAA", kid: "first" }]), /none of 1 keys/],
    ["201 keys", serveKeys(Array.from({ length: 201 }, () => second.jwk)), /at most 200 keys, got 201/],
    [
      "more than 512 KiB announced",
      (_, response) => response.writeHead(200, { "content-length": 524_289 }).flushHeaders(),
      /at most 524288 bytes/,
    ],
    [
      "more than 512 KiB in pieces",
      (_, response) => void response.writeHead(200).end(" ".repeat(524_289)),
      /at most 524288 bytes/,
    ],
    [
      "a compressed body",
      serveKeys([second.jwk], { "content-encoding": "gzip" }),
      /expected no content encoding, got gzip/,
    ],
    ["a cut connection", (request) => void request.socket.destroy(), /socket hang up|ECONNRESET/],
  ];
  it.each(bad)("keeps the last good keys after %s", async (_, answer, message) => {
    await open();
    idp.answer = answer;
    clock.advance(8 * MINUTE);
    const event = await events.next();
    expect(event.kind).toBe("failed");
    expect(String((event as { readonly cause: ServingError }).cause)).toMatch(message);
    await expect(verify(signToken(first, claims))).resolves.toBe("ada");
    expect(idp.requests).toHaveLength(2);
  });

  it("keeps serving when a bad key stands beside good ones", async () => {
    await open();
    idp.answer = serveKeys([{ kty: "oct", k: "AAAA", kid: "x" }, second.jwk]);
    clock.advance(8 * MINUTE);
    const event = await events.next();
    expect(event).toMatchObject({ kind: "loaded", set: { unusable: 1 }, gone: [{ kid: "first" }] });
  });

  it("plans nothing more once it is closed, not even while a look is on its way", async () => {
    await open();
    let asked = (): void => undefined;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    idp.answer = () => asked();
    clock.advance(8 * MINUTE);
    await isAsked;
    authenticator.close();
    await expect.poll(() => clock.scheduled).toBe(0);
    expect(events.seen).toHaveLength(1);
  });
});
