import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fetchDocument } from "./fetch-document.ts";
import { type LoadedKeys, loadKeys, maxAgeOf } from "./load-keys.ts";
import { startTestIdp, type TestIdp } from "./testing.fixture.ts";
import type { KeyLocation } from "./types.ts";

const ISSUER = "https://idp.example";
let dir: string;
let idp: TestIdp;
/** Bodies by path; what is not here is 404. */
let bodies: Record<string, unknown>;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "bento-keys-"));
  bodies = { "/keys": { keys: [] } };
  idp = await startTestIdp((request, response) => {
    const body = bodies[request.url ?? ""];
    response.writeHead(body === undefined ? 404 : 200).end(JSON.stringify(body));
  });
});
afterEach(async () => {
  await idp.close();
  await rm(dir, { recursive: true });
});

const load = (location: KeyLocation, files: { caFile?: string; tokenFile?: string } = {}): Promise<LoadedKeys> =>
  loadKeys({ location, caFile: files.caFile, tokenFile: files.tokenFile, maxStaleMs: 0 }, fetchDocument, {
    signal: AbortSignal.timeout(10_000),
    isUrgent: false,
  });
const discovery = (): KeyLocation => ({ kind: "discovery", url: `${idp.origin}/d`, issuer: ISSUER });

describe("loadKeys", () => {
  it("reads a file, and says that it be looked at again within 10 s", async () => {
    const path = join(dir, "jwks.json");
    await writeFile(path, '{"keys":[]}');
    await expect(load({ kind: "file", path })).resolves.toEqual({ document: { keys: [] }, maxAgeMs: 10_000 });
  });

  it("takes no folder, no device and no file that is too long", async () => {
    const long = join(dir, "long");
    await writeFile(long, " ".repeat(524_289));
    await symlink("/dev/zero", join(dir, "device"));
    for (const path of [dir, join(dir, "device"), long])
      await expect(load({ kind: "file", path })).rejects.toThrow("expected a file of at most 524288 bytes");
  });

  it("follows a discovery document of its issuer", async () => {
    bodies["/d"] = { issuer: ISSUER, jwks_uri: `${idp.origin}/keys` };
    await expect(load(discovery())).resolves.toMatchObject({ document: { keys: [] } });
    expect(idp.requests.map(({ path }) => path)).toEqual(["/d", "/keys"]);
  });

  it.each([`${ISSUER}/`, "https://IDP.example", "", null, [ISSUER]])(
    "refuses a discovery document of issuer %j",
    async (issuer) => {
      bodies["/d"] = { issuer, jwks_uri: `${idp.origin}/keys` };
      await expect(load(discovery())).rejects.toThrow('"issuer" is not the configured one');
      expect(idp.requests).toHaveLength(1);
    },
  );

  it.each(["http://keys.example/keys", "file:///etc/passwd", "https://u:p@keys.example/", 7, "keys"])(
    "does not follow a discovery document to %j",
    async (jwks_uri) => {
      bodies["/d"] = { issuer: ISSUER, jwks_uri };
      await expect(load(discovery())).rejects.toThrow("jwks_uri");
      expect(idp.requests).toHaveLength(1);
    },
  );

  it("sends the token of its file, read at each fetch, to the configured address alone", async () => {
    const other = await startTestIdp((_, response) => void response.writeHead(200).end('{"keys":[]}'));
    try {
      const tokenFile = join(dir, "token");
      await writeFile(tokenFile, "one\n");
      await load({ kind: "url", url: `${idp.origin}/keys` }, { tokenFile });
      await writeFile(tokenFile, "two\n");
      bodies["/d"] = { issuer: ISSUER, jwks_uri: `${other.origin}/keys` };
      await load(discovery(), { tokenFile });
      expect(idp.requests.map(({ authorization }) => authorization)).toEqual(["Bearer one", "Bearer two"]);
      expect(other.requests).toEqual([{ path: "/keys", authorization: undefined }]);
    } finally {
      await other.close();
    }
  });

  it("refuses a token file that would break the header", async () => {
    const tokenFile = join(dir, "token");
    await writeFile(tokenFile, "a\r\nx: y");
    await expect(load({ kind: "url", url: `${idp.origin}/keys` }, { tokenFile })).rejects.toThrow(
      "expected a token of visible ASCII",
    );
    expect(idp.requests).toEqual([]);
  });

  it("trusts the authorities of its file and no others", async () => {
    const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    execFileSync("openssl", [...request, "-keyout", key, "-out", cert, ...subject], { stdio: "ignore" });
    const server = createServer({ key: await readFile(key), cert: await readFile(cert) }, (_, response) =>
      response.end('{"keys":[]}'),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const location = { kind: "url", url: `https://localhost:${port}/keys` } as const;
      await expect(load(location, { caFile: cert })).resolves.toMatchObject({ document: { keys: [] } });
      await expect(load(location)).rejects.toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
      const byAddress = { kind: "url", url: `https://127.0.0.1:${port}/keys` } as const;
      await expect(load(byAddress, { caFile: cert })).rejects.toMatchObject({ code: "ERR_TLS_CERT_ALTNAME_INVALID" });
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe("maxAgeOf", () => {
  it("lies within a minute and a day, whatever is sent", () => {
    const part = fc.oneof(
      fc.string(),
      fc.integer().map((n) => `max-age=${n}`),
      fc.constant("max-age="),
      fc.constant(","),
    );
    fc.assert(
      fc.property(
        fc.array(part).map((parts) => parts.join(", ")),
        (header) => {
          expect(maxAgeOf(header)).toBeGreaterThanOrEqual(60_000);
          expect(maxAgeOf(header)).toBeLessThanOrEqual(86_400_000);
        },
      ),
    );
  });

  it.each(["xmax-age=60", "max-age=-1", "max-age=1.5", "max-age=60x", "max-age"])(
    "takes %j for no word of it",
    (header) => {
      expect(maxAgeOf(header)).toBe(600_000);
    },
  );
});
