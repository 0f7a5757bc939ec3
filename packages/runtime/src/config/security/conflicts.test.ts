import { expect, it } from "vitest";
import { loadConfig } from "../load-config.ts";

it("refuses to look for API keys as the text of Authorization", async () => {
  await expect(loadConfig({ env: { BENTO_SECURITY_API_KEYS_HEADER: "authorization" } })).rejects.toThrow(
    'security.apiKeys.header: expected a header of its own: "Authorization: ApiKey …" is taken in any case',
  );
});
