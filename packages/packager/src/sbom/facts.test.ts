import { describe, expect, it } from "vitest";
import { contentUuid } from "./content-uuid.ts";
import { integrityHashes } from "../dependencies/integrity.ts";
import { toLicence } from "./licence.ts";
import { genericPurl, npmPurl } from "./purl.ts";

describe("package URLs", () => {
  // The first two are examples of package-url/purl-spec.
  it.each([
    ["foobar", "12.3.1", "pkg:npm/foobar@12.3.1"],
    ["@angular/animation", "12.3.1", "pkg:npm/%40angular/animation@12.3.1"],
    ["a", "1.0.0+build.1", "pkg:npm/a@1.0.0%2Bbuild.1"],
  ])("of %s %s is %s", (name, version, purl) => expect(npmPurl(name, version)).toBe(purl));

  it("of something from no registry is generic", () => {
    expect(genericPurl("openssl", "1.1.10g")).toBe("pkg:generic/openssl@1.1.10g");
  });
});

describe("integrityHashes", () => {
  // SHA-256 and SHA-384 of the empty text (FIPS 180-4); the base64 by hand of the openssl command.
  const sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
  const hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

  it("gives each strong hash in hexadecimal, and none of SHA-1 or of a wrong length", () => {
    expect(integrityHashes(`sha256-${sha256}`)).toEqual([{ algorithm: "sha256", hex }]);
    expect(integrityHashes(`sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk= sha256-${sha256}?opt`)).toEqual([
      { algorithm: "sha256", hex },
    ]);
    expect(integrityHashes("sha512-AAAA")).toEqual([]);
  });
});

describe("toLicence", () => {
  it.each([
    ["MIT", "id"],
    ["(MIT OR CC0-1.0)", "expression"],
    ["Apache-2.0 WITH LLVM-exception", "expression"],
    ["GPL-2.0+", "expression"],
    ["UNLICENSED", "name"],
    ["SEE LICENSE IN LICENSE.txt", "name"],
  ])("reads %s as %s", (text, kind) => expect(toLicence(text)).toEqual({ kind, text }));
});

describe("contentUuid", () => {
  it("is a UUID of version 8 that only the content decides", () => {
    // The first 16 bytes of SHA-256 of the empty text, with version and variant put in.
    expect(contentUuid("")).toBe("e3b0c442-98fc-8c14-9afb-f4c8996fb924");
    expect(contentUuid("a")).not.toBe(contentUuid("b"));
  });
});
