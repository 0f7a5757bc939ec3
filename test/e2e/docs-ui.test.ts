import { api, type Context, type Image, image, service, t } from "@bento-ts/runtime";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { launchBrowser, openPage, type WatchedPage } from "../support/browser.ts";
import { listen } from "../support/listening-service.ts";
import { describeWith } from "../support/needs.ts";
import { startPrefixProxy } from "../support/prefix-proxy.ts";
import { root } from "../support/server-process.ts";

// A browser with a page of 2 MB of scripts, on two cores that other tests use as well.
vi.setConfig({ testTimeout: 90_000 });

const Numbers = t.Object({ x: t.Array(t.Number()) });
const Size = t.Object({ width: t.Integer(), height: t.Integer() });

@service({ name: "docs-demo", version: "2.1.0", description: "Shows **what** the page can do." })
class DocsDemo {
  @api({
    input: Numbers,
    output: t.Array(t.Number()),
    summary: "Doubles each number",
    default: true,
    examples: [{ name: "two numbers", input: { x: [1.5, 20] }, output: [3, 40] }],
  })
  double({ x }: { x: number[] }): number[] {
    return x.map((value) => 2 * value);
  }

  @api({ input: image({ layout: "hwc" }), output: Size, summary: "Measures a picture" })
  measure(picture: Image<"float32">): { width: number; height: number } {
    return { width: picture.width, height: picture.height };
  }

  @api({ input: t.Integer({ minimum: 1 }), output: t.Integer(), summary: "Counts" })
  async *count(last: number, ctx: Context): AsyncGenerator<number> {
    for (let value = 1; value <= last; value++) {
      ctx.signal.throwIfAborted();
      yield value;
    }
  }
}

describeWith("chromium", "the documentation page", () => {
  let browser: Browser;
  const closers: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  afterAll(async () => {
    await browser.close();
  });

  async function served(env: Readonly<Record<string, string>> = {}): Promise<string> {
    const listening = await listen(DocsDemo, { env });
    closers.push(() => listening.close());
    return listening.url;
  }

  async function opened(url: string): Promise<WatchedPage> {
    const watched = await openPage(browser);
    closers.push(() => watched.page.close());
    await watched.page.goto(url);
    await watched.page.waitForSelector(".opblock");
    return watched;
  }

  /** Opens one operation, makes it ready to try, fills it in, executes it and gives the status and the body that the page shows. */
  async function tryOut(
    page: Page,
    name: string,
    fill: () => Promise<unknown> = async () => undefined,
  ): Promise<{ readonly status: string; readonly body: string }> {
    const block = page.locator(`[id$="-${name}"].opblock`);
    await block.locator(".opblock-summary-control").click();
    await block.getByRole("button", { name: "Try it out" }).click();
    await fill();
    await block.getByRole("button", { name: "Execute" }).click();
    const reply = block.locator(".live-responses-table tbody tr").first();
    const status = await reply.locator(".response-col_status").textContent();
    const body = await reply.locator(".response-col_description .highlight-code code").first().textContent();
    return { status: status ?? "", body: body ?? "" };
  }

  const onlyFrom = (origin: string, { requests }: WatchedPage): string[] =>
    requests.filter((url) => new URL(url).origin !== new URL(origin).origin);

  it("loads without a complaint and without asking any other host, and executes an example as it stands", async () => {
    const url = await served();
    const watched = await opened(`${url}/docs`);
    const { status, body } = await tryOut(watched.page, "double");
    expect({ status: status.trim(), body: JSON.parse(body) as unknown }).toEqual({ status: "200", body: [3, 40] });
    expect(await watched.page.title()).toBe("docs-demo");
    expect(onlyFrom(url, watched)).toEqual([]);
    expect(watched.complaints).toEqual([]);
  });

  it.each([["image/png"], ["multipart/form-data"]])("sends a picture from the disk as %s", async (mediaType) => {
    const watched = await opened(`${await served()}/docs/`);
    const { status, body } = await tryOut(watched.page, "measure", async () => {
      await watched.page
        .locator(".opblock-section-request-body .opblock-section-header select")
        .selectOption(mediaType);
      await watched.page.setInputFiles(
        ".opblock-section-request-body input[type=file]",
        `${root}examples/ocr/samples/hello.png`,
      );
    });
    expect(status.trim()).toBe("200");
    // As the file says of itself.
    expect(JSON.parse(body)).toEqual({ width: 377, height: 51 });
    expect(watched.complaints).toEqual([]);
  });

  it("shows a stream as it came", async () => {
    const watched = await opened(`${await served()}/docs/`);
    const { status, body } = await tryOut(watched.page, "count", () =>
      watched.page.locator(".opblock textarea").fill("2"),
    );
    expect(status.trim()).toBe("200");
    expect(body).toContain("data: 1\n\ndata: 2\n\nevent: end");
    expect(watched.complaints).toEqual([]);
  });

  it("links the document in both versions", async () => {
    const { page } = await opened(`${await served({ BENTO_SERVER_BASE_PATH: "/base" })}/base/docs`);
    for (const [version, expected] of [
      ["OpenAPI 3.1", "3.1.0"],
      ["OpenAPI 3.0", "3.0.3"],
    ] as const) {
      const href = await page.getByRole("link", { name: version }).getAttribute("href");
      expect(await (await fetch(new URL(href ?? "", page.url()))).json()).toMatchObject({
        openapi: expected,
        servers: [{ url: "/base" }],
      });
    }
  });

  it("works under a base path", async () => {
    const url = await served({ BENTO_SERVER_BASE_PATH: "/team/svc" });
    const watched = await opened(`${url}/team/svc/docs`);
    expect(await tryOut(watched.page, "double")).toMatchObject({ status: expect.stringContaining("200") as string });
    expect(watched.requests.at(-1)).toBe(`${url}/team/svc/double`);
    expect(watched.complaints).toEqual([]);
  });

  it.each([
    [
      "that tells it",
      { BENTO_SERVER_TRUSTED_PROXIES: '["127.0.0.1/32"]' },
      { "x-forwarded-prefix": "/team/svc" },
      "/team/svc",
    ],
    ["that says nothing", {}, {}, "/"],
    ["that is not trusted", {}, { "x-forwarded-prefix": "/evil" }, "/"],
  ])("works behind a proxy that strips a prefix and %s", async (_word, env, headers, documented) => {
    const proxy = await startPrefixProxy(await served(env), { prefix: "/team/svc", headers });
    closers.push(() => proxy.close());
    const watched = await opened(`${proxy.url}/docs`);
    expect(watched.page.url()).toBe(`${proxy.url}/docs/`);
    expect(await tryOut(watched.page, "double")).toMatchObject({ status: expect.stringContaining("200") as string });
    expect(watched.requests.at(-1)).toBe(`${proxy.url}/double`);
    expect(proxy.strays).toEqual([]);
    expect(watched.complaints).toEqual([]);
    expect(await (await fetch(`${proxy.url}/openapi.json`)).json()).toMatchObject({ servers: [{ url: documented }] });
  });
});
