import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSecret } from "./secret.ts";

const key = "security.edgeHeader.value";
const onFault = (error: unknown): void => {
  throw error;
};
let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "secret-"));
});
afterAll(() => rm(dir, { recursive: true }));

describe("openSecret", () => {
  it("takes a secret from a file without the line break at its end, from the environment, or as it stands", async () => {
    await writeFile(join(dir, "a"), "s3cret\r\n");
    const file = await openSecret({ key, place: { kind: "file", path: join(dir, "a") }, onFault });
    expect(file.value()).toBe("s3cret");
    file.close();
    const env = await openSecret({ key, place: { kind: "env", name: "EDGE" }, onFault, env: { EDGE: "s3cret" } });
    expect(env.value()).toBe("s3cret");
    expect((await openSecret({ key, place: { kind: "inline", text: "s3cret" }, onFault })).value()).toBe("s3cret");
  });

  it("reads a file again when it changes, and keeps what it has when that is no secret", async () => {
    const path = join(dir, "b");
    await writeFile(path, "old");
    const faults: unknown[] = [];
    const changed = Promise.withResolvers<string>();
    const faulty = Promise.withResolvers<void>();
    const secret = await openSecret({
      key,
      place: { kind: "file", path },
      everyMs: 5,
      onFault: (error) => {
        faults.push(error);
        faulty.resolve();
      },
      onChange: changed.resolve,
    });
    await writeFile(path, "new");
    // A reader may meet the file between being emptied and written; the good text follows.
    expect(await changed.promise).toBe("new");
    await writeFile(path, "");
    await faulty.promise;
    expect(secret.value()).toBe("new");
    expect(String(faults[0])).toContain(`${key}: the secret is empty`);
    secret.close();
  });

  it.each([
    [{ kind: "file", path: "/nowhere/at/all" }, "the file /nowhere/at/all can't be read"],
    [{ kind: "env", name: "NOT_SET" }, "the environment variable NOT_SET is not set"],
    [{ kind: "inline", text: "\n" }, "the secret is empty"],
    [{ kind: "inline", text: "two\nlines" }, "the secret holds characters that no header can carry"],
    [{ kind: "inline", text: "x".repeat(8193) }, "the secret has more than 8192 bytes"],
  ] as const)("says what is wrong under the key's name, without the secret: %j", async (place, why) => {
    await expect(openSecret({ key, place, onFault, env: {} })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `${key}: ${why}`,
      problems: [{ path: key, message: why }],
    });
  });
});
