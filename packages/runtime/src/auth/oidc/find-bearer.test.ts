import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServingError } from "../../errors.ts";
import { findBearer } from "./find-bearer.ts";

const find = (...fields: string[]): string | undefined =>
  findBearer({ valuesOf: (name) => (name === "authorization" ? fields : ["Bearer other"]) });

describe("findBearer", () => {
  it.each(["Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c", "Bearer   a.b.c"])("finds the token of %j", (field) => {
    expect(find(field)).toBe("a.b.c");
  });

  it.each(["Basic dTpw", "Token a.b.c", "a.b.c", "", "Bearerx a.b.c", "DPoP a.b.c", '"Bearer" a.b.c'])(
    "leaves %j to others",
    (field) => {
      expect(find(field)).toBeUndefined();
    },
  );

  it("looks at no other field", () => {
    expect(find()).toBeUndefined();
  });

  it.each([
    "Bearer",
    "Bearer ",
    'Bearer "a.b.c"',
    "Bearer a.b.c, Bearer d.e.f",
    "Bearer a.b.c d",
    "Bearer\ta.b.c",
    "Bearer,a.b.c",
    "Bearer a.b.c\0",
  ])("refuses %j", (field) => {
    expect(() => find(field)).toThrow(
      expect.objectContaining({
        code: "UNAUTHENTICATED",
        reason: "invalid_token",
        message: "the token is not valid",
        challenge: ['Bearer realm="bento-ts", error="invalid_token", error_description="the token is not valid"'],
      }),
    );
  });

  it.each([
    ["two tokens", ["Bearer a.b.c", "Bearer d.e.f"]],
    ["the same token twice", ["Bearer a.b.c", "Bearer a.b.c"]],
    ["another scheme beside a token", ["Basic dTpw", "Bearer a.b.c"]],
  ])("refuses %s", (_, fields) => {
    expect(() => find(...fields)).toThrow(
      expect.objectContaining({ code: "UNAUTHENTICATED", reason: "ambiguous_credentials" }),
    );
  });

  it("gives a token of the grammar, nothing, or a refusal, whatever comes", () => {
    const field = fc.oneof(
      fc.string(),
      fc.string().map((text) => `Bearer ${text}`),
    );
    fc.assert(
      fc.property(fc.array(field, { maxLength: 3 }), (fields) => {
        try {
          const token = find(...fields);
          if (token !== undefined) expect(token).toMatch(/^[A-Za-z0-9._~+/-]+=*$/);
        } catch (error) {
          expect(error).toBeInstanceOf(ServingError);
        }
      }),
    );
  });
});
