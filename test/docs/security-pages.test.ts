import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assertMayBind, loadConfig } from "../../packages/runtime/src/config/index.ts";
import { readYamlText } from "../../packages/runtime/src/config/yaml-text.ts";
import { CREDENTIAL_KEYS } from "../../packages/runtime/src/config/keys/credentials.ts";
import { readRulesFile } from "../../packages/runtime/src/server/security/rules-file.ts";
import { root } from "../support/server-process.ts";
import { PAGES, readBlocks, readPage } from "./blocks.ts";

// ```yaml config is a whole bento.yaml, ```yaml rules a whole file of rules, ```yaml kubernetes what kubectl applies.
const blocks = (await readBlocks()).filter(({ lang }) => lang === "yaml");
const blocksOf = (kind: string): readonly (readonly [place: string, text: string])[] =>
  blocks.flatMap(({ place, words, text }) => (words[0] === kind ? [[place, text] as const] : []));

let dir: string;
beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), "bento-pages-"))));
afterAll(() => rmSync(dir, { recursive: true }));

describe("what the pages on security show", () => {
  it.each(blocksOf("config"))(
    "%s is a configuration with which a server that others reach may start",
    async (_place, text) => {
      const configFile = join(dir, "bento.yaml");
      writeFileSync(configFile, text);
      const { config, warnings } = await loadConfig({ env: {}, configFile });
      expect(warnings).toEqual([]);
      expect(assertMayBind({ ...config, server: { ...config.server, host: "0.0.0.0" } })).toBeUndefined();
    },
  );

  it.each(blocksOf("rules"))("%s is a file of rules, unambiguous with several issuers too", (_place, text) => {
    const rules = readRulesFile(text, {
      apis: undefined,
      issuerPrefixes: ["https://a.example#", "https://b.example#"],
    });
    expect(Object.keys(rules).length).toBeGreaterThan(0);
  });

  it.each(blocksOf("kubernetes"))("%s is a list of objects of Kubernetes", (_place, text) => {
    for (const document of text.split(/^---$/m)) {
      const { tree, faults } = readYamlText(document);
      expect(faults).toEqual([]);
      expect(tree).toMatchObject({
        apiVersion: expect.stringMatching(/^[a-z.0-9-]+\/v\d/),
        kind: expect.any(String),
        metadata: { name: expect.any(String) },
      });
    }
  });

  it("is at least one of each", () => {
    for (const kind of ["config", "rules", "kubernetes"]) expect(blocksOf(kind).length).toBeGreaterThan(0);
  });

  it("tells every key of an issuer, and none that is not there", async () => {
    const { schema } = CREDENTIAL_KEYS["security.oidc.issuers"].type as { schema: { items?: { properties?: object } } };
    const keys = Object.keys(schema.items?.properties ?? {}).filter((key) => key !== "principal");
    const table =
      (await readPage("docs/security.md")).split("## Tokens of issuers")[1]?.split("A claim is named")[0] ?? "";
    const told = [...table.matchAll(/^\| `([A-Za-z.]+)`/gm)].map(([, name]) => name);
    expect(told.toSorted()).toEqual([...keys, "principal.claim", "principal.prefix"].toSorted());
  });
});

it("links of the pages lead to files that are there", async () => {
  const broken: string[] = [];
  for (const page of PAGES)
    for (const [, link = ""] of (await readPage(page)).matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g))
      if (!existsSync(join(root, dirname(page), link))) broken.push(`${page}: ${link}`);
  expect(broken).toEqual([]);
});
