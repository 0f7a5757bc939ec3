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
  /** What the server asks of callers; nothing unless given. */
  readonly security?: DocumentedSecurity;
}

/** What a server asks of callers, as far as its document tells it. */
export interface DocumentedSecurity {
  readonly issuers: readonly DocumentedIssuer[];
  readonly apiKeys: { readonly header: string } | null;
  readonly hasPasswords: boolean;
  /** Whether callers may show a certificate. */
  readonly hasCertificates: boolean;
  /** Whether callers without credentials are served as well. */
  readonly allowAnonymous: boolean;
  /** Functions that ask nobody for credentials. */
  readonly publicApis: readonly string[];
  /** Whether readers of the document may know the authors' rules, and those are in force. */
  readonly showsRules: boolean;
  /** Whether callers may be told to come later. */
  readonly limitsRates: boolean;
}

/** An issuer whose tokens are taken. */
export interface DocumentedIssuer {
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** Where it tells of itself; undefined where it doesn't. */
  readonly discoveryUrl: string | undefined;
  /** How a page gets a token from it, in place of what its discovery document would say. */
  readonly signIn?: SignIn | undefined;
}

/** The endpoints of an issuer's code flow, and the scopes to ask for. */
export interface SignIn {
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
  readonly scopes: readonly string[];
}

/** An OpenAPI document as plain data. */
export type OpenApiDocument = JsonObject & { readonly info: JsonObject };
