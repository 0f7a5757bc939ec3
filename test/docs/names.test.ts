import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { KEY_PATHS, SECTION_PATHS } from "../../packages/runtime/src/config/keys.ts";
import { RESERVED_NAMES } from "../../packages/runtime/src/definition/reserved.ts";
import { ERROR_TABLE } from "../../packages/runtime/src/error-table.ts";
import { bentoTs, run } from "../support/cli.ts";
import { root } from "../support/server-process.ts";
import { PAGES, readPage } from "./blocks.ts";

const SERVER = `${root}packages/runtime/dist/server/entry.js`;
const COMMANDS = [
  "init",
  "serve",
  "build",
  "test",
  "tune",
  "bench",
  "inspect",
  "openapi",
  "proto",
  "token",
  "auth",
  "keys",
  "htpasswd",
  "doctor",
  "bentos",
  "models",
  "tensorflow",
];
/** Commands that have commands of their own. */
const GROUPS = new Map([
  ["auth", ["explain"].map((name) => `auth ${name}`)],
  ["keys", ["new", "list", "revoke"].map((name) => `keys ${name}`)],
  ["bentos", ["list", "show", "delete", "export", "import"].map((name) => `bentos ${name}`)],
  ["models", ["import", "list", "show", "delete", "export"].map((name) => `models ${name}`)],
  ["tensorflow", ["tensorflow install"]],
]);

const page = await readPage("docs/command-line.md");
/** The part of a page under a heading. */
const section = (heading: string): string => page.split(/^## /m).find((part) => part.startsWith(heading)) ?? "";
const flagsIn = (text: string): readonly string[] => [...new Set(text.match(/--[a-z][a-z-]*/g))].sort();
const flagColumn = (text: string): readonly string[] =>
  flagsIn([...text.matchAll(/^\| ([^|]*)/gm)].map(([, cell]) => cell).join(" "));

const helps = new Map<string, readonly string[]>();
const asked = [...COMMANDS, ...[...GROUPS.values()].flat()];
beforeAll(async () => {
  const texts = await Promise.all([
    ...asked.map((name) => bentoTs([...name.split(" "), "--help"])),
    run(process.execPath, [SERVER, "--help"]),
  ]);
  for (const [at, name] of [...asked, "bento-ts-server"].entries()) {
    // Where a flag is defined, not where an example uses it.
    const defined = [...(texts[at]?.stdout ?? "").matchAll(/^ +(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag = ""]) => flag);
    helps.set(name, [...new Set(defined)].sort());
  }
}, 120_000);

describe("docs/command-line.md", () => {
  it("has a section for each command", async () => {
    const { stdout } = await bentoTs(["--help"]);
    const listed = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
    expect(listed).toEqual([...COMMANDS, "help"]);
    for (const name of COMMANDS) expect(page).toContain(`## \`bento-ts ${name}\``);
  });

  it.each(COMMANDS.filter((name) => !GROUPS.has(name)))("names the flags of bento-ts %s, all and no others", (name) => {
    expect(flagColumn(section(`\`bento-ts ${name}\``))).toEqual(helps.get(name)?.filter((flag) => flag !== "--help"));
  });

  it.each([...GROUPS])("names the flags of bento-ts %s, and each of its commands", (group, commands) => {
    const text = section(`\`bento-ts ${group}\``);
    const flags = new Set(commands.flatMap((name) => helps.get(name) ?? []));
    expect(flagColumn(text)).toEqual([...flags].filter((flag) => flag !== "--help").sort());
    for (const name of commands) expect(text).toContain(`| \`${name}`);
  });

  it("names the flags of bento-ts-server, all and no others", () => {
    expect(flagColumn(section("`bento-ts-server`"))).toEqual(helps.get("bento-ts-server"));
  });

  it("names no flag that no command has", () => {
    // Of bento-ts itself.
    const all = new Set([...helps.values(), "--version"].flat());
    expect(flagsIn(page).filter((flag) => !all.has(flag))).toEqual([]);
  });
});

describe("the pages", () => {
  it("list the names that no API may have", async () => {
    const text = await readPage("docs/authoring.md");
    const [, listed = ""] = /or is one of these, [^:]*: (.*?)\. `predict`/.exec(text) ?? [];
    const possible = [...RESERVED_NAMES].filter((name) => /^[A-Za-z][A-Za-z0-9_]*$/.test(name));
    expect([...listed.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(possible.sort());
  });

  it("list every error code with its status", async () => {
    const rows = [...(await readPage("docs/calling.md")).matchAll(/^\| `([A-Z_]+)` +\| (\d+)/gm)];
    expect(Object.fromEntries(rows.map(([, code, status]) => [code, Number(status)]))).toEqual(
      Object.fromEntries(Object.entries(ERROR_TABLE).map(([code, { http }]) => [code, http])),
    );
  });

  it.each(PAGES)("name only configuration keys that exist: %s", async (name) => {
    const known = new Set<string>([...KEY_PATHS, ...SECTION_PATHS]);
    const text = await readPage(name);
    const keys = [...text.matchAll(/`((?:server|security|telemetry|image)\.[A-Za-z0-9.]+)/g)].map(
      ([, key = ""]) => key,
    );
    expect(keys.filter((key) => !known.has(key.replace(/\.$/, "")))).toEqual([]);
  });

  it.each(PAGES)("link to places that exist: %s", async (name) => {
    const text = await readPage(name);
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    for (const [, path = "", anchor] of links) {
      const target = path === "" ? name : join(dirname(name), path);
      expect(existsSync(join(root, target)), `${name}: ${target}`).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(await readPage(target)), `${name}: #${anchor}`).toContain(anchor);
    }
  });
});

/** Anchors of headings as GitHub makes them. */
function anchorsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}
