import { describe, expect, it } from "vitest";
import { loadConfig } from "./load-config.ts";
import { assertMayBind, isLoopback } from "./start-rule.ts";

async function configWith(host: string, security: Record<string, string> = {}) {
  const { config } = await loadConfig({ env: { BENTO_SERVER_HOST: host, ...security } });
  return config;
}

const ANONYMOUS = { BENTO_SECURITY_ALLOW_ANONYMOUS: "true" };
const INSECURE = { BENTO_SECURITY_ALLOW_INSECURE_CONNECTIONS: "true" };

describe("assertMayBind", () => {
  it("lets a loopback address be open, with a line that says so", async () => {
    expect(assertMayBind(await configWith("127.0.0.1"))).toBe(
      "http://127.0.0.1:3000 is open to everybody on this machine",
    );
    expect(assertMayBind(await configWith("::1"))).toBe("http://[::1]:3000 is open to everybody on this machine");
  });

  it("has nothing to warn of when its owner decided", async () => {
    expect(assertMayBind(await configWith("127.0.0.1", ANONYMOUS))).toBeUndefined();
    expect(assertMayBind(await configWith("0.0.0.0", { ...ANONYMOUS, ...INSECURE }))).toBeUndefined();
  });

  it.each(["0.0.0.0", "::", "192.168.1.5", "boston.example.com", "::ffff:0.0.0.0"])(
    "refuses %s without both consents, and names both keys",
    async (host) => {
      const config = await configWith(host);
      expect(() => assertMayBind(config)).toThrow(
        expect.objectContaining({
          code: "FAILED_PRECONDITION",
          message:
            `server.host ${host} is reached by other machines, which needs ` +
            "a way of authentication (security.oidc.issuers, security.apiKeys, security.basic, server.tls.clientAuth: require) or security.allowAnonymous: true (callers without credentials are served) and " +
            "TLS (server.tls) or security.allowInsecureConnections: true (calls travel unencrypted, such as behind a proxy that ends TLS); " +
            "missing: security.allowAnonymous, security.allowInsecureConnections",
        }),
      );
    },
  );

  it.each([
    [ANONYMOUS, "security.allowInsecureConnections"],
    [INSECURE, "security.allowAnonymous"],
  ])("refuses with one consent of two, and names the other: %j", async (given, missing) => {
    const config = await configWith("0.0.0.0", given);
    expect(() => assertMayBind(config)).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ path: missing })] }),
    );
  });

  it.each<Record<string, string>>([
    { BENTO_SECURITY_OIDC_ISSUERS: '[{"issuer":"https://idp.example.com","audiences":["x"]}]' },
    { BENTO_SECURITY_API_KEYS_FILE: "/keys" },
    { BENTO_SECURITY_BASIC_HTPASSWD_FILE: "/htpasswd" },
    { BENTO_SERVER_TLS_CLIENT_AUTH: "require", BENTO_SERVER_TLS_CLIENT_CA_FILE: "/ca.pem" },
  ])("takes a way of authentication and TLS in place of both consents: %j", async (way) => {
    const tls = { BENTO_SERVER_TLS_CERT_FILE: "/cert.pem", BENTO_SERVER_TLS_KEY_FILE: "/key.pem" };
    expect(assertMayBind(await configWith("0.0.0.0", { ...tls, ...way }))).toBeUndefined();
    expect(assertMayBind(await configWith("127.0.0.1", { ...tls, ...way }))).toBeUndefined();
  });

  it("takes a certificate that callers need not show for no way of authentication", async () => {
    const config = await configWith("0.0.0.0", {
      BENTO_SERVER_TLS_SECRET_DIR: "/tls",
      BENTO_SERVER_TLS_CLIENT_AUTH: "request",
    });
    expect(() => assertMayBind(config)).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ path: "security.allowAnonymous" })] }),
    );
  });

  it("does not ask for consent for the admin port", async () => {
    const { config } = await loadConfig({ env: { BENTO_SERVER_ADMIN_HOST: "0.0.0.0" } });
    expect(assertMayBind(config)).toContain("open to everybody on this machine");
  });
});

describe("isLoopback", () => {
  it.each([
    "127.0.0.1",
    "127.255.255.254",
    "::1",
    "0:0:0:0:0:0:0:1",
    "localhost",
    "LocalHost",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
  ])("takes %s", (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each([
    "0.0.0.0",
    "::",
    "128.0.0.1",
    "126.255.255.255",
    "10.0.0.1",
    "::2",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "fe80::1",
    "localhost.example.com",
    "my.localhost",
    "127.0.0.1.example.com",
    "127.1",
    "",
  ])("does not take %j", (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
