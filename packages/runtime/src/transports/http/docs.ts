import type { FastifyInstance } from "fastify";
import { joinPath } from "./create-app.ts";
import type { DocsOptions } from "./docs-app.ts";

/**
 * Adds the documentation: `/docs` and `/openapi.json`.
 *
 * It is made by the first request for it, in an application of its own: loading Swagger UI and reading its files takes a third of a small server's start, and
 * few workers are ever asked.
 */
export function registerDocs(app: FastifyInstance, options: DocsOptions): void {
  let made: Promise<FastifyInstance> | undefined;
  const docsApp = (): Promise<FastifyInstance> => {
    made ??= make(options).catch((cause: unknown) => {
      // What failed once may succeed for the next caller.
      made = undefined;
      throw cause;
    });
    return made;
  };
  for (const path of ["/openapi.json", "/docs", "/docs/*"]) {
    app.get(joinPath(options.http.basePath, path), async (request, reply) => {
      const docs = await docsApp();
      reply.hijack();
      docs.routing(request.raw, reply.raw);
    });
  }
  app.addHook("onClose", async () => (await made)?.close());
}

async function make(options: DocsOptions): Promise<FastifyInstance> {
  const { createDocsApp } = await import("./docs-app.ts");
  return createDocsApp(options);
}
