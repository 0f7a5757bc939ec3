import { loadBcrypt } from "./load-bcrypt.ts";
import { createPasswordVerifier, type PasswordVerifier } from "./verify-password.ts";

/** Compares two passwords at once in this process, so that cores are left for models; 32 wait, more are turned away. Source: security.md A6. */
export async function createBcryptVerifier(): Promise<PasswordVerifier> {
  const { verify } = await loadBcrypt();
  const compareBcrypt = (password: string, hash: string): Promise<boolean> => verify(password, hash);
  return createPasswordVerifier({ maxAtOnce: 2, maxQueued: 32, compareBcrypt });
}
