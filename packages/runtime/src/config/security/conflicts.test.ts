import { expect, it } from "vitest";
import { loadConfig } from "../load-config.ts";

it.each(["x-user-key", "x-forwarded-api-key", "x-auth-request-key"])(
  "refuses to look for API keys in %s, which is dropped where callers send it",
  async (header) => {
    await expect(loadConfig({ env: { BENTO_SECURITY_API_KEYS_HEADER: header } })).rejects.toThrow(
      "security.apiKeys.header: expected a header that callers may send: this one counts from trusted proxies alone",
    );
  },
);

it("refuses to look for API keys as the text of Authorization", async () => {
  await expect(loadConfig({ env: { BENTO_SECURITY_API_KEYS_HEADER: "authorization" } })).rejects.toThrow(
    'security.apiKeys.header: expected a header of its own: "Authorization: ApiKey …" is taken in any case',
  );
});
