import type { Problem } from "../../errors.ts";

/** How one user's password is kept. */
export interface UserHash {
  readonly kind: "bcrypt" | "apr1" | "sha1";
  /** The whole text behind the user's name. */
  readonly hash: string;
}

/** Users by name, and the lines that were left out: the others count. */
export interface HtpasswdFile {
  readonly users: ReadonlyMap<string, UserHash>;
  readonly problems: readonly Problem[];
  /** Whether a user has two lines: which of the two passwords is meant, nobody can say. */
  readonly isAmbiguous: boolean;
}

/** Highest cost of a bcrypt hash: each step doubles the work that one try costs the server. */
export const MAX_COST = 14;

/**
 * Reads an htpasswd file: `user:hash` lines; `#` lines and blank ones are left out. bcrypt is taken (`$2y$`, `$2a$`, `$2b$`, cost 4 to 14); `$apr1$` and
 * `{SHA}` with `allowWeakHashes` alone; everything else is refused by its line. Throws nothing. Source: security.md A6.
 */
export function parseHtpasswd(text: string, options: { readonly allowWeakHashes: boolean }): HtpasswdFile {
  const users = new Map<string, UserHash>();
  const problems: Problem[] = [];
  let isAmbiguous = false;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const path = `line ${index + 1}`;
    const colon = line.indexOf(":");
    const [user, hash] = [line.slice(0, Math.max(0, colon)), line.slice(colon + 1)];
    if (user === "") problems.push({ path, message: "expected user:hash" });
    else if (users.has(user)) {
      problems.push({ path, message: "this user stands on a line before" });
      isAmbiguous = true;
    } else {
      const read = readHash(hash, options.allowWeakHashes);
      if (typeof read === "string") problems.push({ path, message: read });
      else users.set(user, read);
    }
  }
  return { users, problems, isAmbiguous };
}

/** The hash, or what is wrong with it; its text is never repeated. */
function readHash(hash: string, allowWeakHashes: boolean): UserHash | string {
  const cost = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(hash)?.[1];
  if (cost !== undefined) {
    if (Number(cost) > MAX_COST)
      return `cost ${Number(cost)} is too high: at most ${MAX_COST}, each step doubles the work of a try`;
    return Number(cost) < 4 ? "cost below 4 is no bcrypt" : { kind: "bcrypt", hash };
  }
  const weak = WEAK.find(({ form }) => form.test(hash));
  if (weak === undefined)
    return 'expected a bcrypt hash ("htpasswd -B"); crypt, MD5-crypt, SHA-crypt and plain texts are not taken';
  return allowWeakHashes
    ? { kind: weak.kind, hash }
    : `${weak.name} is a weak hash: make a bcrypt one ("htpasswd -B"), or set security.basic.allowWeakHashes`;
}

const WEAK = [
  { kind: "apr1", name: "$apr1$", form: /^\$apr1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}$/ },
  { kind: "sha1", name: "{SHA}", form: /^\{SHA\}[A-Za-z0-9+/]{27}=$/ },
] as const;
