import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLogger } from "../../telemetry/logger.ts";
import { createRedirectServer, type RedirectOptions, type RedirectServer } from "./create-redirect-server.ts";
import { httpsLocation } from "./https-location.ts";

let dir: string;
let server: RedirectServer | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "bento-acme-"));
});
afterEach(async () => {
  await server?.close();
  rmSync(dir, { recursive: true });
});

async function open(options: Partial<RedirectOptions> = {}): Promise<number> {
  server = await createRedirectServer({
    host: "127.0.0.1",
    port: 0,
    httpsPort: () => 3000,
    cname: undefined,
    acmeChallengeDir: join(dir, "acme"),
    maxHeaderBytes: 4096,
    logger: createLogger({ level: "silent", format: "json" }),
    ...options,
  });
  return server.address.port;
}

/** Sends bytes and gives all that comes back. */
async function send(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  socket.write(bytes);
  return text(socket);
}

const get = (path: string, host = "boston.example"): string => `GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
const lineOf = (reply: string): string => reply.split("\r\n", 1)[0] ?? "";
const bodyOf = (reply: string): string => reply.split("\r\n\r\n")[1] ?? "";

describe("the plain port beside TLS", () => {
  it("sends GET and HEAD on to the same path with TLS, and ends the connection", async () => {
    const port = await open();
    const reply = await send(port, get("/score?a=1%2F2"));
    expect(lineOf(reply)).toBe("HTTP/1.1 308 Permanent Redirect");
    expect(reply).toContain("location: https://boston.example/score?a=1%2F2\r\n");
    expect(reply).toContain("connection: close\r\n");
    const head = await send(port, get("/", `127.0.0.1:${port}`).replace("GET", "HEAD"));
    expect(head).toContain("location: https://127.0.0.1:3000/\r\n");
  });

  it.each(["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"])("refuses %s", async (method) => {
    const port = await open();
    const request = `${method} /predict HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`;
    const reply = await send(port, request);
    expect(lineOf(reply)).toBe("HTTP/1.1 403 Forbidden");
    expect(reply).not.toContain("location");
  });

  it.each(["evil.example/..", "a@evil.example", "a b", "", "[::1", "évil", "a.example:99999999", "a\\b"])(
    "sends nobody to a host that is none: %j",
    async (host) => {
      const port = await open();
      expect(lineOf(await send(port, get("/", host)))).toMatch(/^HTTP\/1\.1 400/);
    },
  );

  it("is no proxy, and answers no CONNECT", async () => {
    const port = await open();
    expect(lineOf(await send(port, get("http://evil.example/")))).toMatch(/^HTTP\/1\.1 400/);
    expect(await send(port, "CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n")).not.toContain(
      " 200",
    );
  });

  it("refuses headers that are too long, and ends a caller who is slow with them", async () => {
    const port = await open({ headersTimeoutMs: 50 });
    expect(lineOf(await send(port, `GET / HTTP/1.1\r\nhost: a\r\nx: ${"a".repeat(5000)}\r\n\r\n`))).toMatch(/ 431 /);
    expect(lineOf(await send(port, "GET / HTTP/1.1\r\nho"))).toMatch(/ 408 /);
  });
});

describe("answers to ACME challenges", () => {
  const TOKEN = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";
  const ask = async (token: string): Promise<string> => send(await open(), get(`/.well-known/acme-challenge/${token}`));
  beforeEach(() => {
    mkdirSync(join(dir, "acme"));
    writeFileSync(join(dir, "secret"), "not yours");
  });

  it("come from the file with the token's name", async () => {
    writeFileSync(join(dir, "acme", TOKEN), `${TOKEN}.thumb`);
    const reply = await ask(TOKEN);
    expect(lineOf(reply)).toBe("HTTP/1.1 200 OK");
    expect(bodyOf(reply)).toBe(`${TOKEN}.thumb`);
  });

  it("come from a folder that is a link, and from links inside of it, as Kubernetes mounts them", async () => {
    mkdirSync(join(dir, "real/..1"), { recursive: true });
    writeFileSync(join(dir, "real/..1", TOKEN), "answer");
    symlinkSync("..1", join(dir, "real/..data"));
    symlinkSync(`..data/${TOKEN}`, join(dir, "real", TOKEN));
    symlinkSync("real", join(dir, "link"));
    const port = await open({ acmeChallengeDir: join(dir, "link") });
    expect(bodyOf(await send(port, get(`/.well-known/acme-challenge/${TOKEN}`)))).toBe("answer");
  });

  it.each([
    "../secret",
    "..%2fsecret",
    "%2e%2e/secret",
    ".",
    "",
    "a/b",
    "a?b",
    "a.b",
    "unknown",
    "a%00",
    "x".repeat(200),
  ])("are not there for %j", async (token) => {
    mkdirSync(join(dir, "acme/a"));
    writeFileSync(join(dir, "acme/a/b"), "inside");
    writeFileSync(join(dir, "acme/a.b"), "dotted");
    const reply = await ask(token);
    expect(lineOf(reply)).toBe("HTTP/1.1 404 Not Found");
    expect(bodyOf(reply)).toBe("no such challenge\n");
  });

  it("are not links that lead out, folders, pipes or large files", async () => {
    symlinkSync("../secret", join(dir, "acme/out"));
    symlinkSync("/etc/hostname", join(dir, "acme/far"));
    mkdirSync(join(dir, "acme/folder"));
    execFileSync("mkfifo", [join(dir, "acme/pipe")]);
    writeFileSync(join(dir, "acme/large"), "x".repeat(1025));
    const port = await open();
    for (const token of ["out", "far", "folder", "pipe", "large"]) {
      expect(lineOf(await send(port, get(`/.well-known/acme-challenge/${token}`)))).toMatch(/ 404 /);
    }
  });

  it("are nowhere without a folder for them", async () => {
    const port = await open({ acmeChallengeDir: undefined });
    expect(lineOf(await send(port, get(`/.well-known/acme-challenge/${TOKEN}`)))).toMatch(/ 404 /);
  });
});

describe("httpsLocation", () => {
  const at = (host: string, ports: { httpPort: number; httpsPort: number }, cname?: string) =>
    httpsLocation({ host, target: "/x", cname, ...ports });

  it.each([
    ["a.example", 80, 443, "https://a.example/x"],
    ["a.example", 80, 3000, "https://a.example:3000/x"],
    ["a.example", 8080, 3000, "https://a.example/x"],
    ["a.example:8080", 8080, 3000, "https://a.example:3000/x"],
    ["a.example:8080", 8080, 443, "https://a.example/x"],
    ["[::1]:8080", 8080, 3000, "https://[::1]:3000/x"],
  ])("sends who asked %s of port %d, TLS being on %d, to %s", (host, httpPort, httpsPort, expected) => {
    expect(at(host, { httpPort, httpsPort })).toBe(expected);
  });

  it("names the certificate's host where one is configured", () => {
    expect(at("evil.example", { httpPort: 80, httpsPort: 443 }, "good.example")).toBe("https://good.example/x");
    expect(at("evil.example", { httpPort: 80, httpsPort: 443 }, "::1")).toBe("https://[::1]/x");
  });

  it("gives none for a name that no URL can have", () => {
    for (const host of ["a.0", "1.2.3.4.5", "999.1.1.1"]) {
      expect(httpsLocation({ host, target: "/", cname: undefined, httpPort: 80, httpsPort: 443 })).toBeUndefined();
    }
  });

  it("gives a URL of that very host, or none, whatever the header", () => {
    fc.assert(
      fc.property(fc.string(), fc.webPath(), (host, path) => {
        const location = httpsLocation({ host, target: `/${path}`, cname: undefined, httpPort: 80, httpsPort: 443 });
        if (location === undefined) return;
        const { protocol, username, password } = new URL(location);
        expect([protocol, username, password]).toEqual(["https:", "", ""]);
        expect(location.startsWith(`https://${host.replace(/:\d+$/, "")}/`)).toBe(true);
      }),
    );
  });
});
