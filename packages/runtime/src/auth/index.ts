export {
  issueKey,
  type IssuedKey,
  type KeyOrder,
  type ListedKey,
  listKeys,
  revokeKey,
} from "./api-keys/edit-key-file.ts";
export type { ApiKeyRecord } from "./api-keys/key-file.ts";
export { deleteUser, isPasswordOf, setPassword } from "./basic/edit-htpasswd.ts";
export { assertPassword, assertUser } from "./basic/password-text.ts";
