import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** A temporary folder with these files by path; a value that is no text is written as JSON, `{ link }` as a symbolic link. Removed when the test ends. */
export function tempTree(files: Readonly<Record<string, unknown>> = {}): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "bento-packager-")));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    const file = join(dir, path);
    mkdirSync(dirname(file), { recursive: true });
    if (isLink(content)) symlinkSync(content.link, file);
    else
      writeFileSync(
        file,
        typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content),
      );
  }
  return dir;
}

function isLink(content: unknown): content is { readonly link: string } {
  return content !== null && typeof content === "object" && "link" in content && typeof content.link === "string";
}
