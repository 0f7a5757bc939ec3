import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempTree } from "../../temp-tree.fixture.ts";
import { hideSecrets } from "./hide-secrets.ts";
import { parseSecret } from "./parse-secret.ts";

describe("parseSecret", () => {
  it("reads a file or a variable", () => {
    const path = join(tempTree({ token: "abc" }), "token");
    expect(parseSecret(`id=npm.token,src=${path}`, {})).toEqual({
      id: "npm.token",
      from: "file",
      place: path,
      value: "abc",
    });
    expect(parseSecret("id=t,env=TOKEN", { TOKEN: "abc" })).toMatchObject({
      from: "env",
      place: "TOKEN",
      value: "abc",
    });
  });

  it.each(["token", "id=token", "id=,src=a", "id=a/b,src=a", "id=t,src=a,b", "id=t,env=A=B", "src=a,id=t"])(
    "refuses %s",
    (text) => {
      expect(() => parseSecret(text, {})).toThrow("--secret: expected id=NAME,src=FILE or id=NAME,env=VARIABLE");
    },
  );

  it("says which file or variable is not there", () => {
    expect(() => parseSecret("id=t,src=/nowhere/token", {})).toThrow(
      '--secret: "t" has no value: the file /nowhere/token can\'t be read',
    );
    expect(() => parseSecret("id=t,env=TOKEN", {})).toThrow(
      '--secret: "t" has no value: the variable TOKEN is not set',
    );
  });
});

it("hides each line of a secret, and nothing that is too short to be one", () => {
  const secret = { id: "t", from: "env", place: "T", value: "first-line\nab\nsecond line\n" } as const;
  expect(hideSecrets([secret])("cab first-line, second line")).toBe("cab ***, ***");
});
