export { type ApiSchemas, apiSchemas } from "./api-schemas.ts";
export { openApiDocument } from "./document.ts";
export type { JsonObject } from "./json-object.ts";
export type { DocumentedSecurity, OpenApiDocument, OpenApiOptions, OpenApiVersion, SignIn } from "./types.ts";
