import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ServingError } from "../../errors.ts";
import type { SignIn } from "../../protocols/openapi/index.ts";
import { compressPayload } from "./compress-payload.ts";
import { createHttpApp, type HttpAppOptions, joinPath } from "./create-app.ts";
import { type PageClient, pagePolicy, rememberSignIn, toUiClient } from "./docs-sign-in.ts";
import { DOCS_CSS, DOCS_JS } from "./docs-style.ts";
import { forwardedPrefixOf } from "./forwarded-prefix.ts";
import { OPEN_EDGE } from "./http-edge.ts";
import { SECURITY_HEADERS } from "./send-reply.ts";

type DocumentVersion = "3.1" | "3.0";

/** The parts of an OpenAPI document that the page writes itself. */
export interface DocsDocument {
  readonly info: Readonly<Record<string, unknown>>;
}

/**
 * Gives the OpenAPI document; `basePath` is the path under which callers reach the server's routes, "/" or "/prefix". For the page, `signIns` tells by issuer how its
 * readers get tokens.
 */
export type WriteDocument = (wanted: {
  readonly version: DocumentVersion;
  readonly basePath: string;
  readonly signIns?: Readonly<Record<string, SignIn>>;
}) => DocsDocument;

export interface DocsOptions {
  /** Of the application that the documentation belongs to; it answers paths that are not there in the same words. */
  readonly http: HttpAppOptions;
  /** Title of the page, as text. */
  readonly title: string;
  /** Gets what writes the document. */
  loadDocument(): Promise<WriteDocument>;
  /** Gets what the page is to an issuer that its readers sign in with; undefined where there is none. */
  loadClient(): Promise<PageClient | undefined>;
}

/** Scripts and styles change with the server's version only; after an hour the browser asks whether they did. */
const ASSET = /\/static\/(?:swagger-ui|favicon|index\.css)[^/]*$/;
const ASSET_CACHE = "private, max-age=3600";

/**
 * Makes an application with the documentation: Swagger UI at `/docs`, and the OpenAPI document at `/openapi.json` (`?version=3.0` for API gateways).
 *
 * Everything is served from here. Every link, redirect and call of the page is relative to it, so that it stands behind any path prefix; the document names the
 * prefix of a trusted proxy.
 */
export async function createDocsApp(options: DocsOptions): Promise<FastifyInstance> {
  const { http, title } = options;
  const { basePath, trustedProxies } = http;
  const app = createHttpApp(http);
  const [document, client] = await Promise.all([options.loadDocument(), options.loadClient()]);
  const pagePath = joinPath(basePath, "/docs");
  const textOf = keepTexts((version: DocumentVersion, path) => JSON.stringify(document({ version, basePath: path })));
  const signIn = rememberSignIn(client);
  const pageOf = keepLast((signIns: Readonly<Record<string, SignIn>>) =>
    toPageDocument(document({ version: "3.1", basePath, signIns })),
  );
  await app.register(async (docs) => {
    docs.addHook("onRequest", async (request, reply) => {
      reply.headers({ ...SECURITY_HEADERS, "x-request-id": request.id });
      if (http.closing()) reply.header("connection", "close");
      const path = pathOf(request);
      const isPage = path === `${pagePath}/`;
      if (isPage || path === `${pagePath}/json` || path === `${pagePath}/yaml`) await signIn.refresh();
      if (path.startsWith(pagePath))
        reply.header("content-security-policy", pagePolicy(isPage ? signIn.current() : {}));
    });
    docs.addHook("onSend", async (request, reply, payload) => {
      // What serves the files has its own mind about the others, such as the page that a code comes back to.
      reply.header("cache-control", ASSET.test(pathOf(request)) && reply.statusCode < 400 ? ASSET_CACHE : "no-store");
      const compressed = await compressPayload(request, reply, payload);
      addLines(reply, (http.edge ?? OPEN_EDGE).replyLines(request.raw));
      return compressed;
    });
    docs.get(joinPath(basePath, "/openapi.json"), async (request, reply) => {
      const { remoteAddress = "" } = request.raw.socket;
      const prefix = forwardedPrefixOf(remoteAddress, request.headers["x-forwarded-prefix"], trustedProxies);
      reply.type("application/json; charset=utf-8");
      return textOf(versionOf(request), basePath === "/" ? prefix || "/" : prefix + basePath);
    });
    await docs.register(swagger, {
      mode: "static",
      specification: { document: { openapi: "3.1.0", info: { title, version: "" }, paths: {} } },
    });
    await docs.register(swaggerUi, {
      routePrefix: pagePath,
      transformSpecificationClone: false,
      transformSpecification: () => pageOf(signIn.current()),
      uiHooks: {
        onRequest: async (request, reply) => {
          const place = placeBeside(request.url, pagePath);
          if (place !== undefined) return reply.redirect(place);
        },
      },
      uiConfig: {
        layout: "BaseLayout",
        deepLinking: true,
        docExpansion: "list",
        defaultModelsExpandDepth: 0,
        displayRequestDuration: true,
      },
      ...(client === undefined ? {} : { initOAuth: toUiClient(client) }),
      theme: {
        title: escapeHtml(title),
        css: [{ filename: "docs.css", content: DOCS_CSS }],
        js: [{ filename: "docs.js", content: DOCS_JS }],
      },
    });
  });
  await app.ready();
  return app;
}

/** Adds headers to those that are there; fastify itself would put the second `Vary` in the place of the first. */
function addLines(reply: FastifyReply, lines: readonly string[]): void {
  for (let at = 0; at < lines.length; at += 2) {
    const [name = "", value = ""] = lines.slice(at, at + 2);
    const before = reply.getHeader(name);
    reply.header(name, before === undefined ? value : `${String(before)}, ${value}`);
  }
}

/** Keeps what was made last, as long as it is asked for by the same thing. */
function keepLast<T extends object, R>(make: (from: T) => R): (from: T) => R {
  let last: { readonly from: T; readonly made: R } | undefined;
  return (from) => {
    if (last?.from !== from) last = { from, made: make(from) };
    return last.made;
  };
}

/** Texts that are kept: a document takes milliseconds to write, and a proxy may pass on whatever prefix its callers make up. */
const MAX_TEXTS = 16;

/** Keeps the last few documents that were asked for as text. */
function keepTexts(write: (version: DocumentVersion, basePath: string) => string): typeof write {
  const texts = new Map<string, string>();
  return (version, basePath) => {
    const key = `${version} ${basePath}`;
    const text = texts.get(key) ?? write(version, basePath);
    texts.delete(key);
    texts.set(key, text);
    for (const oldest of texts.keys()) {
      if (texts.size <= MAX_TEXTS) break;
      texts.delete(oldest);
    }
    return text;
  };
}

/** Where a request for the page that is not spelled `/docs/` has to go, relative to it: an absolute path would lose a prefix that a proxy took off. */
function placeBeside(url: string, pagePath: string): string | undefined {
  const [path] = url.split("?", 1);
  if (path === pagePath) return "docs/";
  if (path === `${pagePath}/static/index.html`) return "../";
  // The page works out the place of its document from its own address and takes a query for a part of the path.
  return path === `${pagePath}/` && url !== path ? "./" : undefined;
}

/** The document as the page needs it: calls go to where the page came from, whatever prefix stands before it there. */
function toPageDocument(document: DocsDocument): Record<string, unknown> {
  const links = "[OpenAPI 3.1](../openapi.json) · [OpenAPI 3.0](../openapi.json?version=3.0)";
  const { description } = document.info;
  const text = typeof description === "string" ? `${description}\n\n${links}` : links;
  return { ...document, info: { ...document.info, description: text }, servers: [{ url: ".." }] };
}

function versionOf(request: FastifyRequest): DocumentVersion {
  const version = new URLSearchParams(request.url.slice(pathOf(request).length)).get("version") ?? "3.1";
  if (version === "3.1" || version === "3.0") return version;
  throw new ServingError(
    "INVALID_ARGUMENT",
    `version: expected 3.1 or 3.0, got ${JSON.stringify(version.slice(0, 40))}`,
  );
}

function pathOf(request: FastifyRequest): string {
  return request.url.split("?", 1)[0] ?? "";
}

/** The plugin writes the title into the page as it is. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
