import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Compile } from "typebox/compile";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  CONFIG_GUIDE_FILE,
  CONFIG_SCHEMA_FILE,
  configGuideText,
  configSchemaText,
} from "../../../../scripts/config-reference.ts";
import type { JsonValue } from "../io/types.ts";
import { configJsonSchema } from "./config-json-schema.ts";
import { envNameOf } from "./env-name.ts";
import { KEY_PATHS } from "./keys.ts";
import { loadConfig, type LoadedConfig } from "./load-config.ts";

const dir = mkdtempSync(join(tmpdir(), "bento-published-"));
afterAll(() => rmSync(dir, { recursive: true }));

/** Loads a configuration as the platform's file: every key may stand there. */
function loadFile(tree: unknown): Promise<LoadedConfig> {
  const configFile = join(dir, "config.yaml");
  // JSON is YAML.
  writeFileSync(configFile, JSON.stringify(tree));
  return loadConfig({ env: {}, configFile });
}

describe("published files", () => {
  it("hold the schema that the tables make (else: node scripts/write-config-schema.ts)", async () => {
    expect(await readFile(CONFIG_SCHEMA_FILE, "utf8")).toBe(await configSchemaText());
  });

  it("hold the reference that the tables make (else: node scripts/write-config-schema.ts)", async () => {
    const guide = await readFile(CONFIG_GUIDE_FILE, "utf8");
    expect(guide).toBe(await configGuideText(guide));
    for (const path of KEY_PATHS) {
      expect(guide).toContain(`### \`${path}\``);
      expect(guide).toContain(`\`${envNameOf(path)}\``);
    }
  });

  it("show an example that loads", async () => {
    const guide = await readFile(CONFIG_GUIDE_FILE, "utf8");
    const example = /```yaml\n([\s\S]*?)```/.exec(guide)?.[1] ?? "";
    const { security, ...rest } = parse(example);
    const { config } = await loadFile(rest);
    expect(config.server.limits.workerMemoryBytes).toBe(2_147_483_648);
    expect(Compile(configJsonSchema()).Check({ ...rest, security })).toBe(true);
  });
});

describe("the schema", () => {
  const schema = Compile(configJsonSchema());

  it.each<Readonly<Record<string, JsonValue>>>([
    {},
    { service: "service.ts", models: { forest: "boston:2" } },
    {
      server: {
        port: 0,
        workers: "auto",
        requestTimeout: "1.5s",
        trustedProxies: ["::1"],
        limits: { json: "1MiB", workerMemory: "off", concurrency: 4 },
      },
    },
    { server: { limits: { workerMemory: null } }, telemetry: { logLevel: "silent" } },
    { image: { base: "debian:12-slim", packages: ["libgomp1"], env: { TZ: "" }, files: ["a/*.json"] } },
  ])("takes what the loader takes: %j", async (given) => {
    expect(schema.Check(given)).toBe(true);
    await expect(loadFile(given)).resolves.toBeDefined();
  });

  it.each<Readonly<Record<string, JsonValue>>>([
    { port: 3000 },
    { server: { port: "3000" } },
    { server: { port: 65_536 } },
    { server: { requestTimeout: 60 } },
    { server: { requestTimeout: "60" } },
    { server: { workers: 0 } },
    { server: { basePath: "boston/" } },
    { server: { limits: { json: "16Mi" } } },
    { server: { limits: { jsn: "1MiB" } } },
    { server: { trustedProxies: "::1" } },
    { telemetry: { logLevel: "loud" } },
    { image: { packages: ["a; rm -rf"] } },
    { image: { env: { "A B": "x" } } },
    { models: { forest: 1 } },
  ])("refuses what the loader refuses: %j", async (given) => {
    expect(schema.Check(given)).toBe(false);
    await expect(loadFile(given)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });
});
