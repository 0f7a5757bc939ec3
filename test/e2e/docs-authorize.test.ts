import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { toKeyLine } from "../../packages/runtime/src/auth/api-keys/key-file.ts";
import { createKey } from "../../packages/runtime/src/auth/api-keys/key-text.ts";
import { defineApi } from "../../packages/runtime/src/authoring/define-api.ts";
import { serviceClass } from "../../packages/runtime/src/authoring/define-service-class.ts";
import { t } from "../../packages/runtime/src/index.ts";
import { launchBrowser, openPage, type WatchedPage } from "../support/browser.ts";
import { listen, type ListeningService } from "../support/listening-service.ts";
import { describeWith } from "../support/needs.ts";
import { AUDIENCE, type OidcProvider, PAGE, startOidcProvider } from "../support/oidc-provider.ts";

// A browser with a page of 2 MB of scripts, on two cores that other tests use as well.
vi.setConfig({ testTimeout: 90_000 });

const key = createKey("bento");
const Team = serviceClass(
  { name: "team" },
  class {
    whoami = defineApi(
      { input: t.Null(), output: t.String(), authorize: { allow: [{ groups: ["ml"] }] } },
      async (_input, ctx) => ctx.principal.name,
    );
  },
);

describeWith("chromium", "the documentation page of a protected server", () => {
  let browser: Browser;
  let provider: OidcProvider;
  let service: ListeningService;
  let watched: WatchedPage;
  let dir: string;
  beforeAll(async () => {
    [browser, provider] = await Promise.all([launchBrowser(), startOidcProvider({ ada: ["ml"] })]);
    dir = mkdtempSync(join(tmpdir(), "bento-team-"));
    const facts = { owner: "r", groups: ["ml"], scopes: [], notBeforeMs: undefined, expiresMs: undefined };
    const line = toKeyLine({ id: key.id, sha256: key.sha256, functions: undefined, ...facts });
    writeFileSync(join(dir, "keys"), `${line}\n`);
  });
  afterEach(async () => {
    await watched.page.context().close();
    await service.close();
  });
  afterAll(async () => {
    await browser.close();
    await provider.stop();
    rmSync(dir, { recursive: true });
  });

  async function opened(path = ""): Promise<Page> {
    const docs = { clientId: PAGE.id, scopes: ["openid", "score"], parameters: { resource: AUDIENCE } };
    service = await listen(Team, {
      config: { server: { basePath: path === "" ? "/" : path } },
      env: {
        BENTO_SECURITY_PUBLIC: '["docs"]',
        BENTO_SECURITY_API_KEYS_FILE: join(dir, "keys"),
        BENTO_SECURITY_OIDC_ISSUERS: JSON.stringify([
          { issuer: provider.issuer, audiences: [AUDIENCE], groupsClaim: "groups", docs },
        ]),
      },
    });
    watched = await openPage(browser);
    const { page } = watched;
    await page.goto(`${service.url}${path}/docs`);
    await page.locator('[id$="-whoami"].opblock .opblock-summary-control').click();
    await page.getByRole("button", { name: "Try it out" }).click();
    return page;
  }

  /** Executes the function; gives the status and the body that the page shows. */
  async function execute(page: Page): Promise<readonly [string, unknown]> {
    const answered = page.waitForResponse((reply) => reply.url().endsWith("/whoami"));
    await page.getByRole("button", { name: "Execute" }).click();
    const status = String((await answered).status());
    const reply = page.locator(".live-responses-table tbody tr").first();
    await reply.locator(".response-col_status").getByText(status).waitFor();
    const body = await reply.locator(".response-col_description .highlight-code code").first().textContent();
    return [status, JSON.parse(body ?? "")];
  }

  /** The part of the dialog that is about one way to show who one is. */
  async function way(page: Page, title: string): Promise<Locator> {
    await page.locator(".auth-wrapper .btn.authorize").click();
    return page.locator(".auth-container").filter({ hasText: title });
  }

  /** Signs in as somebody in the window that the issuer opens. */
  async function signIn(page: Page, login: string): Promise<void> {
    const part = await way(page, "authorizationCode with PKCE");
    expect(await part.locator("input[id^=client_id]").inputValue()).toBe(PAGE.id);
    const opening = page.waitForEvent("popup");
    await part.getByRole("button", { name: "Apply given OAuth2 credentials" }).click();
    const popup = await opening;
    await popup.locator("input[name=login]").fill(login);
    const closing = popup.waitForEvent("close");
    await popup.getByRole("button", { name: "Log in" }).click();
    await closing;
    await part.getByRole("button", { name: "Remove authorization" }).waitFor();
    await page.locator(".auth-btn-wrapper .btn-done").first().click();
  }

  it("lets a person sign in with the issuer and call as they may", async () => {
    const page = await opened();
    expect(await execute(page)).toEqual(["401", expect.objectContaining({ code: "UNAUTHENTICATED" })]);
    await signIn(page, "ada");
    expect(await execute(page)).toEqual(["200", "ada"]);
    // The page has asked its own server and one address of the issuer, and complains of the refusal alone.
    const asked = watched.requests.filter((url) => !url.startsWith(service.url));
    expect(asked).toEqual([`${provider.issuer}/token?resource=${encodeURIComponent(AUDIENCE)}`]);
    expect(watched.complaints.filter((text) => !/401/.test(text))).toEqual([]);
  });

  it("calls in the name of whoever has signed in, who may not do everything, behind a base path as well", async () => {
    const page = await opened(PAGE.prefix);
    await signIn(page, "bob");
    expect(await execute(page)).toEqual(["403", expect.objectContaining({ code: "PERMISSION_DENIED" })]);
  });

  it("takes an API key", async () => {
    const page = await opened();
    const part = await way(page, "x-api-key");
    await part.locator("input").fill(key.text);
    await part.getByRole("button", { name: "Apply credentials" }).click();
    await page.locator(".auth-btn-wrapper .btn-done").first().click();
    expect(await execute(page)).toEqual(["200", `apikey:${key.id}`]);
    expect(watched.complaints).toEqual([]);
  });
});
