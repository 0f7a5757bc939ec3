import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { credentialNames, parseReference, referenceText } from "./reference.ts";

const HEX = "0123456789abcdef".repeat(4);

describe("parseReference", () => {
  it("reads host, path, tag and digest", () => {
    expect(parseReference(`registry.example.com:5000/team/boston:1.4.0@sha256:${HEX}`)).toEqual({
      host: "registry.example.com:5000",
      repository: "team/boston",
      tag: "1.4.0",
      digest: `sha256:${HEX}`,
    });
  });

  it.each([
    ["debian:12-slim", "registry-1.docker.io", "library/debian"],
    ["docker.io/debian:12-slim", "registry-1.docker.io", "library/debian"],
    ["index.docker.io/library/debian:12-slim", "registry-1.docker.io", "library/debian"],
    ["team/debian:12-slim", "registry-1.docker.io", "team/debian"],
    ["localhost/debian:12-slim", "localhost", "debian"],
    ["localhost:5000/a/b:12-slim", "localhost:5000", "a/b"],
    ["example.com/debian:12-slim", "example.com", "debian"],
    ["[::1]:5000/debian:12-slim", "[::1]:5000", "debian"],
  ])("knows of %s the host and the repository", (text, host, repository) => {
    expect(parseReference(text)).toEqual({ host, repository, tag: "12-slim", digest: undefined });
  });

  it.each([
    ["", '"" is no name of an image (lower case)'],
    ["Debian", '"Debian" is no name of an image (lower case)'],
    ["example.com/", '"" is no name of an image (lower case)'],
    ["example.com/a//b", '"a//b" is no name of an image (lower case)'],
    ["example.com/a___b", '"a___b" is no name of an image (lower case)'],
    ["-example.com/a", '"-example.com" is no host'],
    ["example.com:99999/a", '"example.com:99999" is no host'],
    ["a:", '"" is no tag'],
    [`a:${"x".repeat(129)}`, `"${"x".repeat(129)}" is no tag`],
    ["a:.x", '".x" is no tag'],
    ["a@sha256:12", '"sha256:12" is no digest (expected "sha256:" and 64 hexadecimal digits)'],
    [`a@sha512:${HEX}`, `"sha512:${HEX}" is no digest (expected "sha256:" and 64 hexadecimal digits)`],
    ["a@b@c", 'it has more than one "@"'],
    [`example.com/${"a".repeat(250)}`, "it is longer than 255 characters"],
    ["https://example.com/a:1", '"https:" is no host'],
  ])("refuses %j and says which part is wrong", (text, why) => {
    expect(() => parseReference(text)).toThrow(`"${text}" is no image reference: ${why}; expected one such as`);
  });

  // The grammar of OCI Distribution 1.1, "Pulling manifests", built part by part.
  const part = fc.stringMatching(/^[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}$/);
  const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/);
  const host = fc.stringMatching(/^[a-z0-9]{1,10}(-[a-z0-9]{1,5})?\.[a-z]{2,5}(:[1-9][0-9]{0,3})?$/);
  const digest = fc.stringMatching(/^sha256:[0-9a-f]{64}$/);

  it("reads whatever the grammar makes, and its own text back", () => {
    const made = fc.record({
      host,
      repository: path,
      tag: fc.option(tag, { nil: undefined }),
      digest: fc.option(digest, { nil: undefined }),
    });
    fc.assert(
      fc.property(made, (reference) => {
        fc.pre(!/^(index\.)?docker\.io/.test(reference.host));
        expect(parseReference(referenceText(reference))).toEqual(reference);
      }),
    );
  });

  it("takes any text without another error than its own, and nothing that leads out of the repository's URL", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.webUrl(), fc.stringMatching(/^[a-z.:/@%?#-]{1,30}$/)),
        (text) => {
          try {
            const { host: at, repository, tag: name = "latest" } = parseReference(text);
            expect(new URL(`https://${at}/v2/${repository}/manifests/${name}`).pathname).toBe(
              `/v2/${repository}/manifests/${name}`,
            );
          } catch (error) {
            expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
          }
        },
      ),
    );
  });
});

it("shows Docker's registry under the name that people use, and finds its credentials where Docker keeps them", () => {
  expect(referenceText(parseReference("debian"))).toBe("docker.io/library/debian");
  expect(credentialNames(parseReference("debian").host)).toContain("https://index.docker.io/v1/");
  expect(credentialNames("example.com:5000")).toEqual(["example.com:5000"]);
});
