import type { FastifyInstance } from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import { closeDocs, createDocs } from "./docs.fixture.ts";
import type { PageClient } from "./docs-sign-in.ts";

afterEach(closeDocs);

describe("the documentation of a server whose readers sign in", () => {
  const signIn = {
    authorizationUrl: "https://idp.example.com/auth",
    tokenUrl: "https://idp.example.com/t;script-src *,x?y=1",
    scopes: ["openid"],
  };
  const told: PageClient = {
    issuer: "https://idp.example.com",
    clientId: "models-docs",
    scopes: ["openid"],
    parameters: { audience: "models" },
    findSignIn: async () => signIn,
  };
  const policyOf = async (app: FastifyInstance, url: string): Promise<unknown> =>
    (await app.inject(url)).headers["content-security-policy"];
  const STRICT =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  it("lets the page ask the one address that changes codes for tokens, whatever is in it, and nothing else", async () => {
    const app = await createDocs({ client: told });
    const source = "https://idp.example.com/t%3Bscript-src%20*%2Cx";
    expect(await policyOf(app, "/docs/")).toBe(STRICT.replace("connect-src 'self'", `connect-src 'self' ${source}`));
    for (const url of ["/docs", "/docs/json", "/docs/static/oauth2-redirect.html", "/docs/static/swagger-ui.css"])
      expect([url, await policyOf(app, url)]).toEqual([url, STRICT]);
  });

  it("serves where the issuer sends readers back to, to be kept by nobody", async () => {
    const app = await createDocs({ client: told });
    const reply = await app.inject("/docs/static/oauth2-redirect.html?code=c&state=s");
    expect([reply.statusCode, reply.headers["cache-control"], reply.headers["referrer-policy"]]).toEqual([
      200,
      "no-store",
      "no-referrer",
    ]);
    expect(reply.body).not.toMatch(/<script>|onload/);
    expect((await app.inject("/docs/static/oauth2-redirect.js")).statusCode).toBe(200);
  });

  it("tells the page who it is to the issuer, and how to ask it", async () => {
    const app = await createDocs({ client: told });
    const script = (await app.inject("/docs/static/swagger-initializer.js")).body;
    expect(script).toContain('"clientId":"models-docs"');
    expect(script).toContain('"usePkceWithAuthorizationCodeGrant":true');
    expect(script).toContain('"audience":"models"');
    expect((await app.inject("/docs/json")).json()).toMatchObject({
      wanted: { signIns: { "https://idp.example.com": signIn } },
    });
    expect((await app.inject("/openapi.json")).json()).not.toHaveProperty("wanted.signIns");
  });

  it("shows the page without it while the issuer can't tell, and goes on with what it told last", async () => {
    const answers = [undefined, signIn, undefined];
    const app = await createDocs({ client: { ...told, findSignIn: async () => answers.shift() } });
    const signIns = async (): Promise<unknown> => (await app.inject("/docs/json")).json().wanted.signIns;
    expect(await policyOf(app, "/docs/")).toBe(STRICT);
    expect(await signIns()).toEqual({ "https://idp.example.com": signIn });
    expect(await signIns()).toEqual({ "https://idp.example.com": signIn });
  });
});
