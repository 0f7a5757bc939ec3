import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

/** As a registry without the package for this machine leaves it. */
const WITHOUT_ADDON = `
import { registerHooks } from "node:module";
registerHooks({ resolve(name, context, next) {
  if (/^@node-rs[/]bcrypt-/.test(name)) throw new Error("absent");
  return next(name, context);
} });`;

it("says what is missing where bcrypt is not there for this machine", async () => {
  const program = `
import { loadBcrypt } from ${JSON.stringify(new URL("./load-bcrypt.ts", import.meta.url).href)};
const error = await loadBcrypt().catch((thrown) => thrown);
console.log(error.code + ": " + error.message);`;
  const hooks = `data:text/javascript,${encodeURIComponent(WITHOUT_ADDON)}`;
  const args = ["--import", hooks, "--input-type=module", "-e", program];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout).toBe(
    `FAILED_PRECONDITION: users of an htpasswd file need the native part of @node-rs/bcrypt for ${process.platform}-${process.arch}, which is not installed: install or build again from a registry that has it\n`,
  );
});
