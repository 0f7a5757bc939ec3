import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createKey } from "../../packages/runtime/src/auth/api-keys/key-text.ts";
import { toKeyLine } from "../../packages/runtime/src/auth/api-keys/key-file.ts";
import { defineApi } from "../../packages/runtime/src/authoring/define-api.ts";
import { serviceClass } from "../../packages/runtime/src/authoring/define-service-class.ts";
import { t } from "../../packages/runtime/src/index.ts";
import { listen, type ListeningService } from "../support/listening-service.ts";

const key = createKey("bento");
const Prices = serviceClass(
  { name: "prices" },
  class {
    train = defineApi(
      { input: t.Null(), output: t.Null(), authorize: { allow: [{ groups: ["authors-team"] }] } },
      async () => null,
    );
    hello = defineApi({ input: t.Null(), output: t.Null(), authorize: "public" }, async () => null);
  },
);

let dir: string;
let service: ListeningService | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "bento-prices-"));
  const facts = { owner: "r", groups: [], scopes: [], notBeforeMs: undefined, expiresMs: undefined };
  writeFileSync(
    join(dir, "keys"),
    `${toKeyLine({ id: key.id, sha256: key.sha256, functions: undefined, ...facts })}\n`,
  );
  writeFileSync(join(dir, "rules.yaml"), "train: { allow: [{ groups: [operators-file-team] }] }\n");
});
afterEach(async () => {
  await service?.close();
  rmSync(dir, { recursive: true });
});

/** What a reader with an API key, or without, gets of the documentation. */
async function documentsOf(env: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) {
  service = await listen(Prices, {
    env: {
      BENTO_SECURITY_API_KEYS_FILE: join(dir, "keys"),
      BENTO_SECURITY_AUTHORIZATION_FUNCTIONS: '{"*":{"deny":[{"groups":["platforms-team"]}]}}',
      ...env,
    },
  });
  const { url } = service;
  const get = async (path: string): Promise<string> => {
    const reply = await fetch(url + path, { headers });
    return reply.status === 200 ? reply.text() : String(reply.status);
  };
  return {
    newer: await get("/openapi.json"),
    older: await get("/openapi.json?version=3.0"),
    page: await get("/docs/json"),
  };
}
const withKey = { "x-api-key": key.text };
const isValid = async (text: string): Promise<boolean> =>
  (await new Validator().validate(JSON.parse(text) as Record<string, unknown>)).valid;

describe("the documentation of a protected server", () => {
  it("is for callers with credentials, tells them the author's rules and nobody the platform's", async () => {
    const documents = await documentsOf({}, withKey);
    for (const text of Object.values(documents)) {
      expect(text).toContain("authors-team");
      expect(text).not.toContain("platforms-team");
    }
    expect([await isValid(documents.newer), await isValid(documents.older)]).toEqual([true, true]);
    expect(JSON.parse(documents.newer)).toMatchObject({
      components: { securitySchemes: { ApiKey: { type: "apiKey", in: "header", name: "x-api-key" } } },
      paths: {
        "/train": {
          post: { security: [{ ApiKey: [] }], "x-bento-authorize": { allow: [{ groups: ["authors-team"] }] } },
        },
        // Its author may not open it: nobody has said that authors may.
        "/hello": { post: { security: [{ ApiKey: [] }] } },
      },
    });
    expect((await fetch(`${service?.url}/openapi.json`)).status).toBe(401);
  });

  it("tells no rules where everybody reads it", async () => {
    const documents = await documentsOf({ BENTO_SECURITY_PUBLIC: '["docs"]' });
    for (const text of Object.values(documents)) {
      expect(text).toContain('"ApiKey"');
      expect(text).not.toMatch(/team|x-bento-authorize/);
    }
  });

  it("tells no rules where a file may stand in their place, and nothing of the file", async () => {
    const documents = await documentsOf({ BENTO_SECURITY_AUTHORIZATION_RULES_FILE: join(dir, "rules.yaml") }, withKey);
    for (const text of Object.values(documents)) {
      expect(text).toContain('"ApiKey"');
      expect(text).not.toMatch(/team|x-bento-authorize|rules/);
    }
  });

  it("tells which functions ask nobody, where their author may open them", async () => {
    const opened = { BENTO_SECURITY_AUTHOR_OVERRIDABLE: '["public"]', BENTO_SECURITY_AUTHORIZATION_FUNCTIONS: "{}" };
    const { newer } = await documentsOf(opened, withKey);
    expect(JSON.parse(newer)).toMatchObject({
      paths: { "/train": { post: { security: [{ ApiKey: [] }] } }, "/hello": { post: { security: [] } } },
    });
    const hello = await fetch(`${service?.url}/hello`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "null",
    });
    expect(hello.status).toBe(200);
  });
});

it("the documentation of an open server says nothing of security", async () => {
  service = await listen(Prices);
  const text = await (await fetch(`${service.url}/openapi.json`)).text();
  expect(text).not.toMatch(/security|authorize|"401"|"403"|"429"/);
  expect(text).toContain('"/train"');
});
