import { assertUser, deleteUser, isPasswordOf, setPassword } from "@bento-ts/runtime/auth";
import type { CommandRow } from "../command.ts";
import { EXIT, wrongUsage } from "../command-error.ts";
import { readPassword } from "../htpasswd/read-password.ts";
import { print } from "../output.ts";

interface Flags {
  readonly cost: string;
  readonly delete?: boolean;
  readonly verify?: boolean;
}

/** `bento-ts htpasswd`: users and the hashes of their passwords. */
export const htpasswd: CommandRow = {
  name: "htpasswd",
  summary: "give a user of an htpasswd file a password, delete or verify it",
  examples: [
    ["bento-ts htpasswd users.htpasswd alice", "asks for a password and keeps its bcrypt hash"],
    ["pass show alice | bento-ts htpasswd users.htpasswd alice", "the password by standard input"],
    ["bento-ts htpasswd users.htpasswd alice --verify", "whether it is the one in the file: exit code 0 or 1"],
    ["bento-ts htpasswd users.htpasswd alice --delete", "a running server refuses alice within 10 s"],
  ],
  define(command) {
    command
      .argument("<FILE>", "the htpasswd file; created, for its owner alone, when it is absent")
      .argument("<USER>", "name of the user")
      .option("--cost <cost>", "work of a hash, 10 to 14: each step doubles it", "12")
      .option("--delete", "delete the user")
      .option("--verify", "compare a password with the file")
      .action(run);
  },
};

async function run(file: string, user: string, flags: Flags): Promise<void> {
  if (flags.delete === true && flags.verify === true) throw wrongUsage("either --delete or --verify");
  assertUser(user);
  if (flags.delete === true) {
    await deleteUser(file, user);
    return print(`deleted ${user}`);
  }
  if (flags.verify === true) {
    const isRight = await isPasswordOf(file, { user, password: await readPassword({ twice: false }) });
    print(isRight ? `this is the password of ${user}` : `this is not the password of ${user}`);
    process.exitCode = isRight ? EXIT.done : EXIT.failed;
    return;
  }
  const done = await setPassword(file, {
    user,
    password: await readPassword({ twice: true }),
    cost: Number(flags.cost),
  });
  print(`${done} ${user}`);
}
