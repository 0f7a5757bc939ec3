import type { FastifyInstance } from "fastify";
import { toProblemReply } from "../../protocols/native/problem.ts";
import { createHttpApp, type HttpAppOptions } from "./create-app.ts";
import { registerDocs } from "./docs.ts";
import type { DocsOptions, WriteDocument } from "./docs-app.ts";
import type { PageClient } from "./docs-sign-in.ts";

/** What a test wants of the documentation; the rest is as on an open server. */
interface Wanted extends Partial<Pick<HttpAppOptions, "basePath" | "trustedProxies" | "closing">> {
  readonly title?: string;
  readonly document?: WriteDocument;
  readonly loadDocument?: DocsOptions["loadDocument"];
  readonly client?: PageClient;
}

/** An application with the documentation of a small service. */
export async function createDocs(wanted: Wanted = {}): Promise<FastifyInstance> {
  const { basePath = "/", trustedProxies = [], closing = () => false } = wanted;
  const http: HttpAppOptions = {
    advertised: ["/score"],
    routes: [],
    basePath,
    headersBytes: 32_768,
    requestTimeoutMs: 60_000,
    untakenBytes: 1e9,
    trustedProxies,
    closing,
    refuse: async (_request, error) => error,
    admitToDocs: async () => undefined,
    encodeError: toProblemReply,
  };
  const app = createHttpApp(http);
  apps.push(app);
  const document: WriteDocument = (version) => ({ info: { title: "boston", description: "Prices." }, wanted: version });
  registerDocs(app, {
    http,
    title: wanted.title ?? "boston",
    loadDocument: wanted.loadDocument ?? (async () => wanted.document ?? document),
    loadClient: async () => wanted.client,
  });
  await app.ready();
  return app;
}

/** Closes all that were made. */
export async function closeDocs(): Promise<void> {
  for (const app of apps.splice(0)) await app.close();
}

const apps: FastifyInstance[] = [];
