import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { defineService } from "../../definition/define-service.ts";
import { openApiDocument } from "./document.ts";
import { isJsonObject, type JsonObject } from "./json-object.ts";
import type { DocumentedSecurity, OpenApiVersion } from "./types.ts";

const number = { kind: "json", schema: { type: "number" } } as const;
const definition = defineService({
  name: "prices",
  version: "1.0.0",
  description: "",
  apis: [
    { name: "score", input: number, output: number },
    {
      name: "train",
      input: number,
      output: number,
      authorize: {
        allow: [{ groups: ["ml", "two words"] }, { claim: "/email", anyOf: ["`<b>`@example.com"] }],
        deny: [{ principals: ["svc-old"] }],
      },
    },
    { name: "hello", input: number, output: number, authorize: "public" },
  ],
});

const CLOSED: DocumentedSecurity = {
  issuers: [
    {
      issuer: "https://idp.example.com",
      audiences: ["models", "all"],
      discoveryUrl: "https://idp.example.com/.well-known/openid-configuration",
    },
    { issuer: "https://kubernetes.default.svc", audiences: ["models"], discoveryUrl: undefined },
  ],
  apiKeys: { header: "x-team-key" },
  hasPasswords: true,
  hasCertificates: true,
  allowAnonymous: false,
  publicApis: ["hello"],
  showsRules: true,
  limitsRates: true,
};
const OPEN: DocumentedSecurity = {
  ...CLOSED,
  issuers: [],
  apiKeys: null,
  hasPasswords: false,
  hasCertificates: false,
  publicApis: [],
  limitsRates: false,
};

function documentOf(security: Partial<DocumentedSecurity>, version: OpenApiVersion = "3.1"): JsonObject {
  return openApiDocument(definition, { version, security: { ...CLOSED, ...security } });
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => (isJsonObject(inner as JsonObject) ? (inner as JsonObject)[key] : undefined),
    value,
  );
}

const operation = (document: JsonObject, name: string): JsonObject =>
  at(document, "paths", `/${name}`, "post") as JsonObject;

describe("the document of a server that asks callers who they are", () => {
  it.each(["3.1", "3.0"] as const)("is valid in %s", async (version) => {
    const signIn = {
      authorizationUrl: "https://idp.example.com/auth",
      tokenUrl: "https://idp.example.com/token",
      scopes: ["openid", "schema"],
    };
    const documents = [
      documentOf({}, version),
      documentOf({ issuers: CLOSED.issuers.map((issuer) => ({ ...issuer, signIn })) }, version),
      documentOf({ allowAnonymous: true }, version),
      documentOf({ ...OPEN, hasCertificates: true }, version),
    ];
    for (const document of documents) {
      const { valid, errors } = await new Validator().validate(structuredClone(document) as Record<string, unknown>);
      expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
    }
  });

  it("names each way to show who one is, in the words of 3.1", () => {
    expect(at(documentOf({}), "components", "securitySchemes")).toEqual({
      OpenId: {
        type: "openIdConnect",
        openIdConnectUrl: "https://idp.example.com/.well-known/openid-configuration",
        description: "An access token of https://idp.example.com for models or all.",
      },
      OpenId2: {
        type: "http",
        scheme: "bearer",
        bearerFormat: "JWT",
        description: "An access token of https://kubernetes.default.svc for models.",
      },
      ApiKey: {
        type: "apiKey",
        in: "header",
        name: "x-team-key",
        description: "`Authorization: ApiKey …` is taken as well.",
      },
      Password: { type: "http", scheme: "basic" },
      ClientCertificate: {
        type: "mutualTLS",
        description: "A certificate of an authority that the server trusts.",
      },
    });
  });

  it("asks for one of them, in each function but the open ones and the probes", () => {
    const document = documentOf({});
    const every = ["OpenId", "OpenId2", "ApiKey", "Password", "ClientCertificate"].map((name) => ({ [name]: [] }));
    expect(operation(document, "score")["security"]).toEqual(every);
    expect(operation(document, "train")["security"]).toEqual(every);
    expect(operation(document, "hello")["security"]).toEqual([]);
    expect(operation(document, "hello")["description"]).toBe("Everybody may call it, without credentials.");
    expect(at(document, "paths", "/healthz", "get", "security")).toEqual([]);
    expect(at(document, "paths", "/readyz", "get", "security")).toEqual([]);
    expect(operation(document, "score")["description"]).toBe(
      "Asks for an access token, an API key, a user name and password or a client certificate.",
    );
  });

  it("takes callers without any where the server does, but for functions with rules", () => {
    const document = documentOf({ allowAnonymous: true, hasCertificates: false, hasPasswords: false });
    expect(operation(document, "score")["security"]).toEqual([{ OpenId: [] }, { OpenId2: [] }, { ApiKey: [] }, {}]);
    expect(operation(document, "train")["security"]).toEqual([{ OpenId: [] }, { OpenId2: [] }, { ApiKey: [] }]);
    expect(operation(document, "score")["description"]).toBe("Takes an access token or an API key.");
  });

  it("tells the author's rules as text and as data, where readers may know them", () => {
    const train = operation(documentOf({}), "train");
    expect(train["x-bento-authorize"]).toEqual({
      deny: [{ principals: ["svc-old"] }],
      allow: [{ groups: ["ml", "two words"] }, { claim: "/email", anyOf: ["`<b>`@example.com"] }],
    });
    expect(train["description"]).toBe(
      [
        "Asks for an access token, an API key, a user name and password or a client certificate.",
        "",
        "Its author's rules, which the operator may narrow:",
        "",
        "    deny: principals svc-old",
        '    allow: groups ml, "two words"',
        "    allow: claim /email; anyOf `<b>`@example.com",
      ].join("\n"),
    );
    const hidden = JSON.stringify(documentOf({ showsRules: false }));
    for (const word of ["svc-old", "two words", "@example.com", "x-bento-authorize"])
      expect(hidden).not.toContain(word);
  });

  it("says in 3.0, which has no word for certificates, what it can", () => {
    const document = documentOf({}, "3.0");
    expect(Object.keys(at(document, "components", "securitySchemes") as object)).toEqual([
      "OpenId",
      "OpenId2",
      "ApiKey",
      "Password",
    ]);
    const only = documentOf({ ...OPEN, hasCertificates: true }, "3.0");
    // An empty list would read as "open to everybody".
    expect(operation(only, "score")).not.toHaveProperty("security");
    expect(operation(only, "score")["description"]).toBe("Asks for a client certificate.");
  });

  it("tells how a page signs in where an issuer says it", () => {
    const signIn = {
      authorizationUrl: "https://idp.example.com/auth",
      tokenUrl: "https://idp.example.com/token",
      scopes: ["openid", "score"],
    };
    const [first] = CLOSED.issuers;
    const document = documentOf({ issuers: first === undefined ? [] : [{ ...first, signIn }] });
    expect(at(document, "components", "securitySchemes", "OpenId")).toEqual({
      type: "oauth2",
      description: "An access token of https://idp.example.com for models or all.",
      flows: {
        authorizationCode: {
          authorizationUrl: "https://idp.example.com/auth",
          tokenUrl: "https://idp.example.com/token",
          scopes: { openid: "", score: "" },
        },
      },
    });
  });

  it("answers as problem details to callers without credentials, to those who may not, and to those who come too often", () => {
    const document = documentOf({});
    const statuses = Object.keys(operation(document, "score")["responses"] as object);
    expect(statuses).toEqual(expect.arrayContaining(["401", "403", "429", "503"]));
    for (const [name, status, code, headers] of [
      ["Unauthenticated", 401, "UNAUTHENTICATED", ["x-request-id", "www-authenticate"]],
      ["PermissionDenied", 403, "PERMISSION_DENIED", ["x-request-id"]],
      ["ResourceExhausted", 429, "RESOURCE_EXHAUSTED", ["x-request-id", "retry-after"]],
      ["Unavailable", 503, "UNAVAILABLE", ["x-request-id", "retry-after"]],
    ] as const) {
      const answer = at(document, "components", "responses", name);
      expect(Object.keys(at(answer, "headers") as object)).toEqual(headers);
      expect(at(answer, "content", "application/problem+json")).toMatchObject({
        schema: { $ref: "#/components/schemas/Problem" },
        example: { status, code },
      });
    }
  });
});

it.each(["3.1", "3.0"] as const)("the document of an open server says nothing of it in %s", (version) => {
  const text = JSON.stringify(documentOf(OPEN, version));
  for (const word of ["securitySchemes", '"security"', "x-bento-authorize", '"401"', '"403"', '"429"', "svc-old"])
    expect(text).not.toContain(word);
});
