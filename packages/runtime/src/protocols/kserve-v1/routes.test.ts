import { expect, it } from "vitest";
import { defineService } from "../../definition/define-service.ts";
import { httpRoutes } from "./routes.ts";

const text = { kind: "text", maxLength: null } as const;
const definition = defineService({ name: "houses", apis: [{ name: "score", input: text, output: text }] });

/** The routes that ask for no credentials. */
function publicRoutes(isKServe: boolean): readonly string[] {
  const limits = { jsonBytes: 1, binaryBytes: 1, grpcBytes: 1 };
  const routes = httpRoutes({ definition, limits, modelName: undefined, isReady: () => true, isKServe });
  return routes.filter((route) => "answer" in route && route.isPublic).map(({ method, path }) => `${method} ${path}`);
}

it("lets KServe's probes in without credentials, where KServe started the server", () => {
  expect(publicRoutes(true)).toEqual(["GET /", "GET /v1/models/:model"]);
  expect(publicRoutes(false)).toEqual([]);
});
