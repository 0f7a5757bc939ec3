import { afterEach, describe, expect, it } from "vitest";
import { type AttackedServer, everywhere, ROWS, startAttacked, tryEverywhere } from "./attacked-server.ts";

// A disk that is full, on every surface: security.md B, attack 49. Closed and slow pipes are tried by test/e2e/audit-trouble.test.ts.
let server: AttackedServer | undefined;
afterEach(() => server?.close());

async function startFull(mode: string): Promise<AttackedServer> {
  server = await startAttacked(() => ({
    BENTO_SECURITY_AUDIT_FILE: "/dev/full",
    BENTO_SECURITY_AUDIT_MODE: mode,
  }));
  return server;
}

describe.skipIf(process.platform !== "linux")("records that find no room", () => {
  it("under strict let no answer out, whoever calls and whatever for, and probes go on", async () => {
    const full = await startFull("strict");
    const callers = {
      good: { authorization: `Bearer ${full.token()}` },
      denied: { authorization: `Bearer ${full.token({ "clearance-4711": "other" })}` },
      bad: { authorization: "Bearer e30.e30.AA" },
      none: {},
    };
    for (const headers of Object.values(callers))
      expect(
        await tryEverywhere(full, headers, ({ values, headers: told, error }) => {
          expect(values).toEqual([]);
          expect(Number(told["retry-after"])).toBeGreaterThanOrEqual(1);
          expect(error).toBe("calls can't be written to the audit log at the moment");
        }),
      ).toEqual(everywhere(full, "unavailable"));
    for (const path of ["/v2", "/nothing", "/docs"])
      expect([path, (await fetch(full.service.url + path)).status]).toEqual([path, 503]);
    expect((await fetch(`${full.service.url}/healthz`)).status).toBe(200);
    expect(full.logText()).not.toContain("e30.e30.AA");
  });

  it("under drop are counted one by one, and nobody is let in or kept out by that", async () => {
    const full = await startFull("drop");
    expect(await tryEverywhere(full, { authorization: `Bearer ${full.token()}` })).toEqual(everywhere(full, "served"));
    expect(await tryEverywhere(full, {})).toEqual(everywhere(full, "unauthenticated"));
    const [rest] = full.surfaces;
    expect((await rest?.call(ROWS, { headers: { "x-api-key": "x" } }))?.status).toBe(401);
    const calls = 2 * full.surfaces.length + 1;
    expect(await full.service.metrics()).toMatch(new RegExp(`^bento_audit_dropped_total ${calls}$`, "m"));
  });
});
