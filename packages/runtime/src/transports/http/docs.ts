import type { FastifyInstance } from "fastify";
import { joinPath } from "./create-app.ts";
import type { DocsOptions } from "./docs-app.ts";
import { toHttpRequest } from "./request.ts";
import { OPEN_EDGE } from "./http-edge.ts";
import { sendReply } from "./send-reply.ts";

/** Paths of the documentation, all for GET. */
export const DOCS_PATHS = ["/openapi.json", "/docs", "/docs/*"] as const;

/**
 * Adds the documentation: `/docs` and `/openapi.json`.
 *
 * It is made by the first request for it, in an application of its own: loading Swagger UI and reading its files takes a third of a small server's start, and
 * few workers are ever asked.
 */
export function registerDocs(app: FastifyInstance, options: DocsOptions): void {
  const { http } = options;
  const { trustedProxies } = http;
  let made: Promise<FastifyInstance> | undefined;
  const docsApp = (): Promise<FastifyInstance> => {
    made ??= make(options).catch((cause: unknown) => {
      // What failed once may succeed for the next caller.
      made = undefined;
      throw cause;
    });
    return made;
  };
  for (const path of DOCS_PATHS) {
    app.get(joinPath(http.basePath, path), async (request, reply) => {
      const shown = toHttpRequest(request, reply.raw, { route: path, trustedProxies, awaitingContinue: NOBODY });
      const refusal = await http.admitToDocs(shown);
      if (refusal !== undefined) {
        reply.hijack();
        const lines = (http.edge ?? OPEN_EDGE).replyLines(request.raw);
        const facts = { requestId: request.id, close: http.closing(), lines };
        return sendReply(request.raw, reply.raw, http.encodeError(refusal, request.id, path), facts);
      }
      const docs = await docsApp();
      reply.hijack();
      docs.routing(request.raw, reply.raw);
    });
  }
  app.addHook("onClose", async () => (await made)?.close());
}

/** These routes take no body. */
const NOBODY = new WeakSet<never>();

async function make(options: DocsOptions): Promise<FastifyInstance> {
  const { createDocsApp } = await import("./docs-app.ts");
  return createDocsApp(options);
}
