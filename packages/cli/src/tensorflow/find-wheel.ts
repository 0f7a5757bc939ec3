import { text } from "node:stream/consumers";
import { failed } from "../command-error.ts";
import type { WheelArtifact } from "./artifacts.ts";
import { type Client, shown } from "./http-get.ts";

// JSON where the index has it, the older HTML elsewhere. Source: PEP 691.
const ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.5";

/**
 * Asks simple indexes, in order, where a wheel can be downloaded. Only the file's name is looked for: its content is checked by digest.
 *
 * Throws CommandError when no index can be reached or none has it.
 */
export async function findWheel(
  client: Client,
  {
    wheel,
    indexes,
    signal,
  }: { readonly wheel: WheelArtifact; readonly indexes: readonly string[]; readonly signal: AbortSignal },
): Promise<URL> {
  const reasons: string[] = [];
  for (const index of indexes) {
    const page = new URL(`${wheel.project}/`, index.endsWith("/") ? index : `${index}/`);
    try {
      const found = await lookUp(client, { page, file: wheel.file, signal });
      if (found !== undefined) return found;
      reasons.push(`${shown(page)} does not list it`);
    } catch (cause) {
      signal.throwIfAborted();
      reasons.push(cause instanceof Error ? cause.message : String(cause));
    }
  }
  throw failed(
    `the library's package ${wheel.file} was not found: ${reasons.join("; ")}; check the network, or name a mirror of PyPI by PIP_INDEX_URL or in pip's configuration`,
  );
}

interface LookUp {
  readonly page: URL;
  readonly file: string;
  readonly signal: AbortSignal;
}

async function lookUp(client: Client, { page, file, signal }: LookUp): Promise<URL | undefined> {
  const answer = await client.get(page, { headers: { accept: ACCEPT }, signal });
  const body = await text(answer);
  if (answer.statusCode === 404) return undefined;
  if (answer.statusCode !== 200) throw failed(`${shown(page)} answered ${answer.statusCode}`);
  const isJson = (answer.headers["content-type"] ?? "").includes("json");
  const link = isJson ? linkInJson(body, file) : linkInHtml(body, file);
  if (link === undefined) return undefined;
  const url = new URL(link, page);
  url.hash = "";
  if (url.origin === page.origin && url.username === "") [url.username, url.password] = [page.username, page.password];
  return url;
}

function linkInJson(body: string, file: string): string | undefined {
  const { files } = JSON.parse(body) as {
    readonly files?: readonly { readonly filename: string; readonly url: string }[];
  };
  return files?.find(({ filename }) => filename === file)?.url;
}

/** The link whose text is the file's name. Source: PEP 503. */
function linkInHtml(body: string, file: string): string | undefined {
  for (const [, link = "", name = ""] of body.matchAll(/<a\s[^>]*?href=["']([^"']*)["'][^>]*>([^<]*)<\/a>/gi))
    if (name.trim() === file) return link.replaceAll("&amp;", "&");
  return undefined;
}
