import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { closeDocs, createDocs } from "./docs.fixture.ts";

afterEach(closeDocs);

const TRUSTED = { trustedProxies: ["127.0.0.1/32"] };

describe("registerDocs", () => {
  it("serves the document in 3.1, and in 3.0 when asked", async () => {
    const app = await createDocs();
    const reply = await app.inject("/openapi.json");
    expect(reply.statusCode).toBe(200);
    expect(reply.headers["content-type"]).toMatch(/^application\/json/);
    expect(reply.json()).toMatchObject({ wanted: { version: "3.1", basePath: "/" } });
    expect((await app.inject("/openapi.json?version=3.1")).json()).toMatchObject({ wanted: { version: "3.1" } });
    expect((await app.inject("/openapi.json?version=3.0")).json()).toMatchObject({ wanted: { version: "3.0" } });
  });

  it("is made by the first request for it, once", async () => {
    let loads = 0;
    const app = await createDocs({
      loadDocument: async () => {
        loads += 1;
        return () => ({ info: {} });
      },
    });
    expect(loads).toBe(0);
    const replies = await Promise.all(["/openapi.json", "/docs/", "/openapi.json"].map((url) => app.inject(url)));
    expect(replies.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    expect(loads).toBe(1);
  });

  it("answers a failure to make it as an internal error, and is made by the next request", async () => {
    let loads = 0;
    const app = await createDocs({
      loadDocument: async () => {
        loads += 1;
        if (loads === 1) throw new Error("ENOENT /srv/secret");
        return () => ({ info: {} });
      },
    });
    const failed = await app.inject("/openapi.json");
    expect(failed.statusCode).toBe(500);
    expect(failed.body).not.toContain("secret");
    expect((await app.inject("/openapi.json")).statusCode).toBe(200);
  });

  it("refuses other versions by name", async () => {
    const app = await createDocs();
    const reply = await app.inject("/openapi.json?version=2.0");
    expect(reply.statusCode).toBe(400);
    expect(reply.json()).toMatchObject({ code: "INVALID_ARGUMENT", detail: 'version: expected 3.1 or 3.0, got "2.0"' });
  });

  it.each([
    ["/", {}, "/"],
    ["/base", {}, "/base"],
    ["/", { "x-forwarded-prefix": "/svc" }, "/svc"],
    ["/base", { "x-forwarded-prefix": "/svc" }, "/svc/base"],
    ["/base", { "x-forwarded-prefix": "//evil.example" }, "/base"],
  ])(
    "tells the document the path that callers see: base path %j, headers %j → %j",
    async (basePath, headers, expected) => {
      const app = await createDocs({ ...TRUSTED, basePath });
      const reply = await app.inject({ url: basePath === "/" ? "/openapi.json" : `${basePath}/openapi.json`, headers });
      expect(reply.json()).toMatchObject({ wanted: { basePath: expected } });
    },
  );

  it("writes a document once for each path, and keeps a bounded number of them", async () => {
    const written: string[] = [];
    const app = await createDocs({
      ...TRUSTED,
      document: ({ basePath }) => {
        written.push(basePath);
        return { info: {}, basePath };
      },
    });
    const ask = async (prefix: string): Promise<unknown> =>
      (await app.inject({ url: "/openapi.json", headers: { "x-forwarded-prefix": prefix } })).json();
    for (const prefix of ["/a", "/b", "/a"]) expect(await ask(prefix)).toEqual({ info: {}, basePath: prefix });
    expect(written).toEqual(["/a", "/b"]);
    for (let count = 0; count < 20; count++) await ask(`/other-${count}`);
    expect(await ask("/a")).toEqual({ info: {}, basePath: "/a" });
    expect(written.filter((path) => path === "/a")).toHaveLength(2);
  });

  it("does not believe the prefix of a peer that is no trusted proxy", async () => {
    const app = await createDocs();
    const reply = await app.inject({ url: "/openapi.json", headers: { "x-forwarded-prefix": "/svc" } });
    expect(reply.json()).toMatchObject({ wanted: { basePath: "/" } });
  });

  it("gives the page a document whose calls go to where the page came from", async () => {
    const app = await createDocs({ basePath: "/base" });
    const page = (await app.inject("/base/docs/json")).json<{ info: { description: string }; servers: unknown }>();
    expect(page.servers).toEqual([{ url: ".." }]);
    expect(page.info.description).toBe(
      "Prices.\n\n[OpenAPI 3.1](../openapi.json) · [OpenAPI 3.0](../openapi.json?version=3.0)",
    );
  });

  it.each([
    ["/docs", "docs/"],
    ["/docs?x=1", "docs/"],
    ["/docs/?x=1", "./"],
    ["/docs/static/index.html", "../"],
  ])("sends %s on to the page by a relative path, which keeps every prefix", async (url, location) => {
    const app = await createDocs();
    const reply = await app.inject(url);
    expect(reply.statusCode).toBe(302);
    expect(reply.headers["location"]).toBe(location);
  });

  it("links nothing but its own assets, by relative paths", async () => {
    const app = await createDocs({ basePath: "/base" });
    const page = await app.inject("/base/docs/");
    expect(page.statusCode).toBe(200);
    const links = [...page.body.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link]) => link ?? "");
    expect(links.length).toBeGreaterThan(5);
    for (const link of links) {
      expect(link).toMatch(/^\.\/static\//);
      const asset = await app.inject(new URL(link, "http://h/base/docs/").pathname);
      expect([link, asset.statusCode]).toEqual([link, 200]);
    }
  });

  it("sends the security headers with each reply, and the page's own policy with the page", async () => {
    const app = await createDocs();
    for (const url of [
      "/docs/",
      "/docs",
      "/docs/json",
      "/docs/yaml",
      "/docs/static/swagger-ui-bundle.js",
      "/openapi.json",
    ]) {
      const { headers } = await app.inject({ url, headers: { "x-request-id": "abc" } });
      expect([url, headers["x-content-type-options"], headers["referrer-policy"], headers["x-request-id"]]).toEqual([
        url,
        "nosniff",
        "no-referrer",
        "abc",
      ]);
    }
    const policy = (await app.inject("/docs/")).headers["content-security-policy"];
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect((await app.inject("/openapi.json")).headers["content-security-policy"]).toBe(
      "default-src 'none'; frame-ancestors 'none'",
    );
  });

  it("lets browsers keep scripts and styles, and nothing that tells of the service", async () => {
    const app = await createDocs();
    const cacheOf = async (url: string): Promise<unknown> => (await app.inject(url)).headers["cache-control"];
    expect(await cacheOf("/docs/static/swagger-ui-bundle.js")).toBe("private, max-age=3600");
    expect(await cacheOf("/docs/static/swagger-ui.css")).toBe("private, max-age=3600");
    for (const url of ["/docs/", "/docs/json", "/docs/static/swagger-initializer.js", "/openapi.json"]) {
      expect([url, await cacheOf(url)]).toEqual([url, "no-store"]);
    }
  });

  it("answers 304 to a browser that has the file", async () => {
    const app = await createDocs();
    const url = "/docs/static/swagger-ui.css";
    const { etag } = (await app.inject(url)).headers;
    const again = await app.inject({ url, headers: { "if-none-match": String(etag), "accept-encoding": "gzip" } });
    expect(again.statusCode).toBe(304);
    expect(again.body).toBe("");
  });

  it.each([
    ["br", brotliDecompressSync],
    ["gzip", gunzipSync],
  ] as const)("compresses scripts by %s", async (coding, decompress) => {
    const app = await createDocs();
    const url = "/docs/static/swagger-ui-bundle.js";
    const plain = await app.inject(url);
    const packed = await app.inject({ url, headers: { "accept-encoding": coding } });
    expect(packed.headers).toMatchObject({ "content-encoding": coding, vary: "accept-encoding" });
    expect(packed.rawPayload.length).toBeLessThan(plain.rawPayload.length / 2);
    expect(decompress(packed.rawPayload).equals(plain.rawPayload)).toBe(true);
  });

  it("leaves a part of a file uncompressed", async () => {
    const app = await createDocs();
    const reply = await app.inject({
      url: "/docs/static/swagger-ui.css",
      headers: { range: "bytes=0-9", "accept-encoding": "gzip" },
    });
    expect(reply.statusCode).toBe(206);
    expect(reply.headers["content-encoding"]).toBeUndefined();
    expect(reply.rawPayload.length).toBe(10);
  });

  it("answers HEAD without a body", async () => {
    const app = await createDocs();
    for (const url of ["/docs/", "/openapi.json", "/docs/static/swagger-ui.css"]) {
      const reply = await app.inject({ method: "HEAD", url, headers: { "accept-encoding": "gzip" } });
      expect([url, reply.statusCode, reply.body]).toEqual([url, 200, ""]);
    }
  });

  it("answers what is not there as problem details, without paths of the machine", async () => {
    const app = await createDocs();
    for (const url of ["/docs/static/nothing.js", "/docs/static/..%2f..%2fpackage.json", "/docs/nothing"]) {
      const reply = await app.inject(url);
      expect([url, reply.statusCode]).toEqual([url, 404]);
      expect(reply.headers["content-type"]).toBe("application/problem+json");
      expect(reply.body).not.toContain("node_modules");
    }
  });

  it("writes the title as text", async () => {
    const app = await createDocs({ title: "<img src=x onerror=alert(1)>" });
    expect((await app.inject("/docs/")).body).toContain("<title>&#60;img src=x onerror=alert(1)&#62;</title>");
  });

  it("ends the connection while the server drains", async () => {
    const app = await createDocs({ closing: () => true });
    expect((await app.inject("/docs/")).headers["connection"]).toBe("close");
  });
});
