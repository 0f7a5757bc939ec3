import { readFile } from "node:fs/promises";
import { root } from "../support/server-process.ts";

/** The pages of the user documentation, relative to the repository. */
export const PAGES = [
  "README.md",
  "docs/authoring.md",
  "docs/calling.md",
  "docs/command-line.md",
  "docs/operations.md",
  "docs/packaging.md",
  "docs/protocols.md",
  "docs/security.md",
  "docs/testing.md",
  "docs/deploying/direct-tls.md",
  "docs/deploying/ingress-basic-auth.md",
  "docs/deploying/istio.md",
  "docs/deploying/mtls-mesh.md",
] as const;

/** One fenced block of a page: ```` ```lang word word ````. */
export interface Block {
  /** `docs/authoring.md:12`. */
  readonly place: string;
  readonly lang: string;
  /** What stands behind the language. */
  readonly words: readonly string[];
  readonly text: string;
}

/** The text of a page. */
export function readPage(page: string): Promise<string> {
  return readFile(`${root}${page}`, "utf8");
}

/** All fenced blocks of all pages. */
export async function readBlocks(): Promise<readonly Block[]> {
  const pages = await Promise.all(PAGES.map(async (page) => blocksOf(page, await readPage(page))));
  return pages.flat();
}

function blocksOf(page: string, markdown: string): Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const [lang = "", ...words] = /^ *```(.+)$/.exec(lines[at] ?? "")?.[1]?.split(" ") ?? [];
    if (lang === "") continue;
    const end = lines.findIndex((line, index) => index > at && line.trim() === "```");
    blocks.push({ place: `${page}:${at + 1}`, lang, words, text: lines.slice(at + 1, end).join("\n") });
    at = end;
  }
  return blocks;
}

/** A command of a block and what the page shows that it prints. */
export interface Step {
  readonly command: string;
  readonly shown: string;
}

/** Takes a shell block apart: each command, a backslash at a line's end going on, with the lines behind it that begin with "#". */
export function stepsOf(text: string): readonly Step[] {
  const steps: { command: string; shown: string[] }[] = [];
  let isOpen = false;
  for (const line of text.split("\n")) {
    const last = steps.at(-1);
    const comment = /^# ?(.*)$/.exec(line)?.[1];
    if (comment !== undefined) last?.shown.push(comment);
    else if (isOpen && last !== undefined) last.command += `\n${line}`;
    else if (line.trim() !== "") steps.push({ command: line, shown: [] });
    isOpen = comment === undefined && line.endsWith("\\");
  }
  return steps.map(({ command, shown }) => ({ command, shown: shown.join("\n") }));
}

/** A script of another language with the comment lines at its end, which show what it prints. */
export function scriptOf(text: string, comment: string): Step {
  const lines = text.split("\n");
  const code = lines.findLastIndex((line) => !line.startsWith(comment)) + 1;
  const shown = lines.slice(code).map((line) => line.slice(comment.length).trimStart());
  return { command: lines.slice(0, code).join("\n"), shown: shown.join("\n") };
}
