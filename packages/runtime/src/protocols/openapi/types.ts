import type { JsonValue } from "../../io/types.ts";
import type { JsonObject } from "./json-object.ts";

/** Versions of OpenAPI in which a document can be written. */
export type OpenApiVersion = "3.1" | "3.0";

export interface OpenApiOptions {
  /** Default 3.1; 3.0 is what most API gateways read. */
  readonly version?: OpenApiVersion;
  /** Path under which callers reach the server's routes, "/" or "/prefix". Default "/". */
  readonly basePath?: string;
  /** Scheme and host before it, such as "https://models.example.com"; without it the document is about the server that it came from. */
  readonly serverUrl?: string;
  /** Contents of the JSON files that examples name, by path; an example whose file is not here is named but not shown. */
  readonly exampleFiles?: Readonly<Record<string, JsonValue | undefined>>;
}

/** An OpenAPI document as plain data. */
export type OpenApiDocument = JsonObject & { readonly info: JsonObject };
