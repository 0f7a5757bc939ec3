import { type Browser, chromium, type Page } from "playwright-core";

/** Starts the system's Chromium without a window. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
}

/** A page with what it has asked for and what it complained about. */
export interface WatchedPage {
  readonly page: Page;
  /** URLs of every request so far, other than data and blob ones. */
  readonly requests: readonly string[];
  /** Console errors and warnings, uncaught errors, failed requests. */
  readonly complaints: readonly string[];
}

/** Opens an empty page that is watched from its first request on. */
export async function openPage(browser: Browser, options: { readonly dark?: boolean } = {}): Promise<WatchedPage> {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 900 },
    colorScheme: options.dark === true ? "dark" : "light",
  });
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => {
    if (/^https?:/.test(request.url())) requests.push(request.url());
  });
  page.on("requestfailed", (request) =>
    complaints.push(`${request.url()}: ${request.failure()?.errorText ?? "failed"}`),
  );
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.url()}: ${response.status()}`);
  });
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return { page, requests, complaints };
}
