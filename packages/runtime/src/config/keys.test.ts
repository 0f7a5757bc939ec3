import { expect, it } from "vitest";
import { KEY_PATHS, KEYS, SECTION_PATHS } from "./keys.ts";

it.each(KEY_PATHS)("has a default that its own type takes, a reason and a meaning: %s", (path) => {
  const { type, default: preset, reason, doc } = KEYS[path];
  expect(type.read(preset)).toMatchObject({ ok: true });
  expect(reason).toMatch(/\S/);
  expect(doc).toMatch(/^[A-Z].*\.$/);
});

it("knows the sections between the keys", () => {
  expect(SECTION_PATHS).toEqual([
    "server",
    "server.admin",
    "server.protocols",
    "server.limits",
    "server.tls",
    "security",
    "security.oidc",
    "security.apiKeys",
    "security.basic",
    "security.authorization",
    "server.cors",
    "security.ipFilter",
    "security.audit",
    "telemetry",
    "image",
  ]);
});
